//! Servers that a test plays, on the paused clock.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep};

use super::{
    client::{FeedAnswer, FeedHttp, FeedRequest},
    fetch_error::FetchError,
};

/// What a server says, and how long it takes.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub after: Duration,
    pub answer: Result<FeedAnswer, FetchError>,
}

impl Reply {
    #[must_use]
    pub(super) fn after(mut self, seconds: u64) -> Self {
        self.after = Duration::from_secs(seconds);
        self
    }

    /// With a change to the answer.
    #[must_use]
    pub(super) fn with(mut self, change: impl FnOnce(&mut FeedAnswer)) -> Self {
        change(self.answer.as_mut().expect("an answer"));
        self
    }
}

pub(super) fn status(status: u16) -> Reply {
    Reply { after: Duration::ZERO, answer: Ok(FeedAnswer { status, ..FeedAnswer::default() }) }
}

pub(super) fn ok(body: impl Into<Bytes>) -> Reply {
    let body = body.into();
    status(200).with(|answer| answer.body = body)
}

pub(super) fn redirect(code: u16, to: &str) -> Reply {
    status(code).with(|answer| answer.location = Some(to.to_owned()))
}

pub(super) fn error(error: FetchError) -> Reply {
    Reply { after: Duration::ZERO, answer: Err(error) }
}

/// A feed with these titles, newest first.
pub(super) fn rss(titles: &[&str]) -> String {
    let item = |title: &&str| format!("<item><title>{title}</title><link>/{title}</link><guid>{title}</guid></item>");
    let items: String = titles.iter().map(item).collect();
    format!("<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>T</title>{items}</channel></rss>")
}

/// Every server there is: an address answers with its replies in turn, the last over and over. Others are not there.
#[derive(Debug)]
pub(super) struct Script {
    start: Instant,
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    asked: Mutex<Vec<(Duration, FeedRequest)>>,
    /// Requests under way, by host.
    open: Mutex<HashMap<String, usize>>,
    /// The most that there were at once: at one host, and in all.
    most: Mutex<(usize, usize)>,
}

impl Script {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self {
            start: Instant::now(),
            replies: Mutex::default(),
            asked: Mutex::default(),
            open: Mutex::default(),
            most: Mutex::default(),
        })
    }

    pub(super) fn at(&self, url: &str, replies: impl IntoIterator<Item = Reply>) {
        self.replies.lock().insert(url.to_owned(), replies.into_iter().collect());
    }

    /// What was asked, and when.
    pub(super) fn asked(&self) -> Vec<(Duration, FeedRequest)> {
        self.asked.lock().clone()
    }

    /// The addresses that were asked.
    pub(super) fn path(&self) -> Vec<String> {
        self.asked.lock().iter().map(|(_, request)| request.url.to_string()).collect()
    }

    /// The seconds at which this address was asked.
    pub(super) fn times(&self, url: &str) -> Vec<f64> {
        let asked = self.asked.lock();
        asked.iter().filter(|(_, request)| request.url.as_str() == url).map(|(at, _)| at.as_secs_f64()).collect()
    }

    /// The most requests that there were at once: at one host, and in all.
    pub(super) fn most(&self) -> (usize, usize) {
        *self.most.lock()
    }
}

impl FeedHttp for Script {
    fn get(&self, request: FeedRequest) -> BoxFuture<'_, Result<FeedAnswer, FetchError>> {
        let url = request.url.to_string();
        let open = Open::new(self, request.url.host_str().unwrap_or_default().to_owned());
        self.asked.lock().push((self.start.elapsed(), request));
        let reply = {
            let mut replies = self.replies.lock();
            match replies.get_mut(&url) {
                Some(replies) if replies.len() > 1 => replies.pop_front(),
                Some(replies) => replies.front().cloned(),
                None => None,
            }
        };
        let reply = reply.unwrap_or_else(|| error(FetchError::NameNotFound));
        Box::pin(async move {
            sleep(reply.after).await;
            drop(open);
            reply.answer
        })
    }
}

/// A request under way, until it is dropped.
struct Open<'a> {
    script: &'a Script,
    host: String,
}

impl<'a> Open<'a> {
    fn new(script: &'a Script, host: String) -> Self {
        let mut open = script.open.lock();
        *open.entry(host.clone()).or_default() += 1;
        let (here, all) = (open[&host], open.values().sum());
        let mut most = script.most.lock();
        *most = (most.0.max(here), most.1.max(all));
        Self { script, host }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if let Some(open) = self.script.open.lock().get_mut(&self.host) {
            *open -= 1;
        }
    }
}
