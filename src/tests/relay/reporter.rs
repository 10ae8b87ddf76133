//! Somebody who publishes news without end, and those who read it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::Router;
use tokio::task::JoinHandle;

use super::{LIMIT, until};
use crate::{
    news::{OUTLETS, PlayedFeeds},
    sse::Reader,
};

/// Publishes a headline every few moments, each about something else.
pub struct Reporter {
    count: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

const PLACES: [&str; 7] = ["Lisbon", "Oslo", "Basel", "Nairobi", "Quito", "Hanoi", "Tallinn"];
const ACTS: [&str; 5] = ["opens a custody desk", "delays its audit", "hires a chief", "moves offices", "ends a pilot"];

pub fn title(n: usize) -> String {
    format!("Desk {n} of {} {}", PLACES[n % PLACES.len()], ACTS[n % ACTS.len()])
}

impl Reporter {
    pub fn start(feeds: &Arc<PlayedFeeds>) -> Self {
        let (feeds, count) = (Arc::clone(feeds), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        let task = tokio::spawn(async move {
            loop {
                let n = counted.load(Ordering::Relaxed);
                feeds.publish(OUTLETS[n % OUTLETS.len()], &title(n));
                counted.store(n + 1, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(150)).await;
            }
        });
        Self { count, task }
    }

    pub fn published(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Stops, and tells how many headlines there are.
    pub async fn stop(self) -> usize {
        self.task.abort();
        // Either way it is over.
        let _ = self.task.await;
        self.count.load(Ordering::Relaxed)
    }
}

/// A client that reads news, checks what it is told, and goes on where it was wherever it is sent.
pub struct Client {
    task: Option<JoinHandle<()>>,
    heard: Arc<Mutex<Heard>>,
}

#[derive(Default)]
struct Heard {
    /// By id.
    titles: BTreeMap<u64, String>,
    last_id: Option<u64>,
    gaps: Vec<String>,
    /// Something came twice, or in the wrong order.
    wrong: Vec<String>,
}

impl Client {
    pub async fn connect(api: &Router) -> Self {
        let mut client = Self { task: None, heard: Arc::default() };
        client.move_to(api).await;
        client
    }

    /// Leaves the node that it is at, and goes on at another one.
    pub async fn move_to(&mut self, api: &Router) {
        self.leave().await;
        let last = self.heard.lock().unwrap().last_id;
        let resume = last.map(|id| format!("&lastEventId={id}")).unwrap_or_default();
        let mut reader = Reader::open(api, &format!("/api/sse?events=news,story_update{resume}")).await;
        // What it greets with is of the moment of the connection.
        let hello = reader.until(LIMIT, |events| !events.is_empty()).await;
        note(&self.heard, &hello);
        let heard = Arc::clone(&self.heard);
        self.task = Some(tokio::spawn(async move {
            while let Some(events) = reader.next().await {
                note(&heard, &events);
            }
        }));
    }

    async fn leave(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
            // Either way it is over.
            let _ = task.await;
        }
    }

    pub fn count(&self) -> usize {
        self.heard.lock().unwrap().titles.len()
    }

    /// Waits until so many headlines were heard, and no more came; each is there once, in order, and nothing was lost.
    pub async fn heard_all(&self, titles: usize) -> BTreeMap<u64, String> {
        let waiting = async {
            while self.count() < titles {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        let in_time = tokio::time::timeout(LIMIT, waiting).await.is_ok();
        let heard = self.heard.lock().unwrap();
        assert!(in_time, "{} of {titles} headlines: {:?} {:?}", heard.titles.len(), heard.gaps, heard.wrong);
        assert_eq!((&heard.gaps, &heard.wrong), (&vec![], &vec![]));
        let mut got: Vec<&String> = heard.titles.values().collect();
        got.sort();
        let mut expected: Vec<String> = (0..titles).map(title).collect();
        expected.sort();
        assert!(got.iter().copied().eq(&expected), "each once: {got:?}");
        heard.titles.clone()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// News goes on for these clients: more of it comes to each, and when the reporter stops each has all of it, under the same
/// ids.
pub async fn goes_on(reporter: Reporter, clients: &[Client]) {
    let before: Vec<usize> = clients.iter().map(Client::count).collect();
    let all_hear = async || clients.iter().zip(&before).all(|(client, before)| client.count() >= before + 10);
    until("news flows again", all_hear).await;
    let count = reporter.stop().await;
    let mut heard = None;
    for client in clients {
        let all = client.heard_all(count).await;
        assert_eq!(heard.get_or_insert_with(|| all.clone()), &all);
    }
}

fn note(heard: &Mutex<Heard>, events: &[crate::sse::Event]) {
    let mut heard = heard.lock().unwrap();
    for event in events {
        let Some(id) = event.id else { continue };
        let ordered = match event.name.as_str() {
            "connected" | "heartbeat" => heard.last_id.is_none_or(|last| id >= last),
            _ => heard.last_id.is_none_or(|last| id > last),
        };
        if !ordered {
            let last = heard.last_id;
            heard.wrong.push(format!("{} {id} after {last:?}", event.name));
        }
        heard.last_id = Some(id);
        match event.name.as_str() {
            "gap" => heard.gaps.push(event.data.to_string()),
            "news" => {
                let title = event.data["title"].as_str().unwrap().to_owned();
                if let Some(before) = heard.titles.insert(id, title) {
                    heard.wrong.push(format!("{id} twice: {before}"));
                }
            }
            _ => {}
        }
    }
}
