//! The scripts and the tasks around them, with a real Redis.

#[path = "../../tests/redis.rs"]
#[expect(dead_code, reason = "some of it is of use to the tests of whole nodes only")]
mod redis_server;

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, timeout};

use self::redis_server::RedisServer;
use super::{
    inbox::{Inbox, Message},
    keys::Keys,
    link::{Append, Appended, Attendance, Bulletin, Link, Place, SharedLog, Standing, Wish},
    scripts::Scripts,
    *,
};

mod channels;
mod fences;
mod journals;
mod logs;
mod presses;
mod sessions;
mod wishes;

/// Longest wait for anything.
const LIMIT: Duration = Duration::from_secs(30);

/// A Redis and what looks into it.
struct Stage {
    server: RedisServer,
    client: Client,
    keys: Arc<Keys>,
}

impl Stage {
    fn open() -> Self {
        let server = RedisServer::start();
        let client = Client::open(server.url()).unwrap();
        Self { server, client, keys: Arc::new(Keys::new("m")) }
    }

    async fn link(&self) -> Link {
        self.link_and_messages().await.0
    }

    async fn link_and_messages(&self) -> (Link, Inbox) {
        let opened = Link::open(&self.client, Arc::clone(&self.keys), Arc::new(Scripts::new())).await;
        let (link, messages) = opened.unwrap();
        (link, Inbox::new(messages))
    }

    /// Runs a command as an operator would.
    async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.client.get_multiplexed_async_connection().await.unwrap();
        let (name, arguments) = command.split_first().unwrap();
        redis::cmd(name).arg(arguments).query_async(&mut connection).await.unwrap()
    }
}

fn place(first: u64, last: u64) -> Place {
    Place { first, after: first, last }
}

async fn attend(link: &Link, node: &str, leads: bool, place: Place) -> Standing {
    let wish = if leads { Wish::Lead } else { Wish::Follow };
    link.attend(Attendance { node, wish, place }).await.unwrap()
}

/// Attends until things stand as they should.
async fn attend_until(
    link: &Link,
    node: &str,
    leads: bool,
    place: Place,
    holds: impl Fn(&Standing) -> bool,
) -> Standing {
    let attending = async {
        loop {
            let standing = attend(link, node, leads, place).await;
            if holds(&standing) {
                return standing;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(LIMIT, attending).await.unwrap_or_else(|_| panic!("{node} never stood as it should"))
}

fn bulletin(text: &str) -> Bulletin {
    Bulletin {
        head: format!(r#"{{"node":"{text}","#),
        tickers: vec![("BTC".to_owned(), format!("\"{text}\""))],
        sparks: vec![],
        followed: vec![],
        beat: vec![("node", text.to_owned()), ("at", "5".to_owned())],
    }
}

fn append(fence: u64, attempt: &str, after: u64, last: u64) -> Append<'_> {
    Append { fence, attempt, after, last, edition: "{}", feeds: &[] }
}
