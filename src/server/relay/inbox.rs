//! What comes over the channels of the market.

use std::fmt;

use futures_util::{FutureExt as _, StreamExt as _};
use redis::aio::PubSubStream;
use tokio::task::{consume_budget, unconstrained};

use super::{keys::Keys, link::LinkError};

/// Messages that are taken without a pause. The leader sends some hundred in a second.
const MOST_WAITING: u32 = 10_000;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// What the leader tells of prices.
    Prices(String),
    /// The log has grown.
    News,
    /// Nobody leads.
    Vacant,
    /// Readers of another node want a symbol that none wanted before.
    Wanted,
    /// Something was done to a named channel.
    Channels,
}

/// The messages from when this node began to listen.
pub(super) struct Inbox {
    messages: PubSubStream,
    /// How many were taken since there was none.
    waited: u32,
    most: u32,
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("waited", &self.waited).finish_non_exhaustive()
    }
}

impl Inbox {
    pub(super) const fn new(messages: PubSubStream) -> Self {
        Self { messages, waited: 0, most: MOST_WAITING }
    }

    /// With another bound of what may wait.
    #[cfg(test)]
    pub(super) const fn of_most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// The next message; `None` for one of no use. Fails where the connection has ended, and where messages come faster
    /// than they are taken: nobody else bounds what waits here, and whoever is that far behind starts again from what is
    /// now.
    pub(super) async fn next(&mut self, keys: &Keys) -> Result<Option<Message>, LinkError> {
        // Before anything is taken, so that nothing is lost where this is given up.
        consume_budget().await;
        let message = if let Some(waiting) = unconstrained(self.messages.next()).now_or_never() {
            self.waited += 1;
            if self.waited > self.most {
                return Err(LinkError::Behind);
            }
            waiting
        } else {
            self.waited = 0;
            self.messages.next().await
        };
        let message = message.ok_or(LinkError::Closed)?;
        let Ok(payload) = message.get_payload::<String>() else { return Ok(None) };
        Ok(match (message.get_channel_name(), &*payload) {
            (channel, _) if channel == keys.prices => Some(Message::Prices(payload)),
            (channel, "news") if channel == keys.calls => Some(Message::News),
            (channel, "vacant") if channel == keys.calls => Some(Message::Vacant),
            (channel, "wanted") if channel == keys.calls => Some(Message::Wanted),
            (channel, "channels") if channel == keys.calls => Some(Message::Channels),
            _ => None,
        })
    }
}
