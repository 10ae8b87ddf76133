//! One socket's side of the conversation: what is said to it is answered, what it follows is sent.
//!
//! There is no queue: answers leave before the next message is read, and everything else is taken from the hub when the
//! socket has room for it.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

use super::{
    answers,
    budget::{Budget, Spent},
    channel::Channel,
    close::End,
    info,
    protocol::{Fault, MAX_SUBSCRIPTIONS, Request},
};
use crate::server::{
    channels::builtin::BuiltIn,
    client::Client,
    follows::Interests,
    http::refused::{Reason, Refused},
    hub::{
        log::Since,
        session::{LogChannel, Session, SessionTurn},
    },
    services::Services,
};

/// Pings that may go unanswered.
const MAX_UNANSWERED: u8 = 2;

pub(super) struct Dialogue {
    services: Arc<Services>,
    session: Session,
    /// In the symbols that it follows.
    interests: Interests,
    /// What is followed; at most [`MAX_SUBSCRIPTIONS`].
    subscriptions: Vec<Channel>,
    budget: Budget,
    /// Answers to one message, or the greeting.
    answers: VecDeque<Utf8Bytes>,
    /// Pings in a row that were followed by nothing from the client.
    unanswered: u8,
}

impl Dialogue {
    /// Begins with a greeting.
    pub(super) fn new(services: Arc<Services>, session: Session, client: Client) -> Self {
        let channels = Channel::names(&services);
        let limits = info::limits(&services.config.limits);
        let greeting = answers::connected(&session.client_id(), channels, limits, services.clock.wall());
        let interests = Interests::new(Arc::clone(&services.follows), client);
        Self {
            services,
            session,
            interests,
            subscriptions: Vec::new(),
            budget: Budget::new(Instant::now()),
            answers: greeting.into_iter().collect(),
            unanswered: 0,
        }
    }

    /// What is sent next. Pending: nothing now; the task is woken when there is something.
    pub(super) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Message, End>> {
        if let Some(answer) = self.answers.pop_front() {
            return Poll::Ready(Ok(Message::Text(answer)));
        }
        Poll::Ready(match ready!(self.session.poll_next(cx)) {
            SessionTurn::Text(text) => Ok(Message::Text(text)),
            SessionTurn::Ping if self.unanswered >= MAX_UNANSWERED => Err(End::Silent),
            SessionTurn::Ping => {
                self.unanswered += 1;
                Ok(Message::Ping(Bytes::new()))
            }
            SessionTurn::End(end) => Err(End::of_session(end, self.session.number())),
        })
    }

    /// The end of a socket that has no room at the moment.
    pub(super) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<End> {
        self.session.poll_end(cx).map(|end| End::of_session(end, self.session.number()))
    }

    /// Follows nothing any more. The connection is still counted.
    pub(super) fn retire(&mut self) {
        self.session.retire();
        self.interests.clear();
        self.answers.clear();
    }

    /// Takes in what came from the client. Pings have been answered already.
    ///
    /// # Errors
    /// [`End`] where that was the last.
    pub(super) fn hear(&mut self, message: &Message) -> Result<(), End> {
        self.unanswered = 0;
        let now = Instant::now();
        let heard = match message {
            Message::Text(_) | Message::Binary(_) => self.budget.message(now),
            Message::Ping(_) | Message::Pong(_) => self.budget.control(now),
            Message::Close(_) => return Err(End::Closed),
            // Never read as such.
            Message::Frame(_) => Ok(()),
        };
        match (heard, message) {
            (Err(Spent::Abuse), _) => return Err(End::Fault(Fault::Abuse)),
            (Err(Spent::Wait(wait)), _) => self.complain(&Fault::RateLimited(wait)),
            (Ok(()), Message::Text(text)) => match Request::parse(text) {
                Ok(request) => self.answer(request),
                Err(fault) => self.complain(&fault),
            },
            (Ok(()), Message::Binary(_)) => self.complain(&Fault::Binary),
            (Ok(()), _) => {}
        }
        Ok(())
    }

    fn complain(&mut self, fault: &Fault) {
        self.answers.extend(fault.frame());
    }

    fn answer(&mut self, request: Request) {
        match request {
            Request::Subscribe { channels, since } => self.subscribe(channels, since),
            Request::Unsubscribe { channels } => self.unsubscribe(channels),
            Request::Ping => self.answers.extend(answers::pong(self.services.clock.wall())),
        }
    }

    /// Those that are known and have room are followed, whatever is wrong with the others.
    fn subscribe(&mut self, names: Vec<String>, since: Since) {
        let (known, unknown) = self.look_up(names);
        if since != Since::Now && logs_of(&known) > 1 {
            return self.complain(&Fault::MixedPlaces);
        }
        let (mut followed, mut refused) = (Vec::new(), Refused::unknown(unknown));
        let (mut of_log, mut built_in) = (Vec::new(), Vec::new());
        for channel in known {
            let is_new = !self.subscriptions.contains(&channel);
            if is_new && self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
                refused.add(Reason::Beyond, channel.name());
                continue;
            }
            match channel {
                Channel::Ticker(symbol) => {
                    if let Err(why) = self.interests.want(symbol) {
                        refused.add(why, channel.name());
                        continue;
                    }
                    if let Err(refusal) = self.session.follow(symbol) {
                        tracing::error!(%symbol, %refusal, "a known channel can't be followed");
                    }
                }
                Channel::Log(channel) => of_log.push(channel),
                Channel::Named(channel) => {
                    let log = self.services.channels.built_in(channel).log();
                    self.session.follow_named(channel.as_str(), log, since);
                    built_in.push(channel);
                }
            }
            if is_new {
                self.subscriptions.push(channel);
            }
            if !matches!(channel, Channel::Named(_)) {
                followed.push(channel.name());
            }
        }
        let (place, subscriptions) = (self.follow_log(&of_log, since), self.subscriptions.len());
        if !followed.is_empty() {
            self.answers.extend(answers::subscribed(followed, subscriptions, place));
        }
        // Each has places of its own.
        for name in built_in.into_iter().map(BuiltIn::as_str) {
            let place = self.session.position_of(name);
            self.answers.extend(answers::subscribed(vec![name.to_owned()], subscriptions, place));
        }
        for fault in refused.by_reason().map(Fault::refused) {
            self.complain(&fault);
        }
    }

    /// All at once, so that they come in one order.
    fn follow_log(&mut self, channels: &[LogChannel], since: Since) -> Option<u64> {
        if channels.is_empty() {
            return None;
        }
        self.session.follow_log(channels, since);
        self.session.position()
    }

    /// Naming what is not followed changes nothing.
    fn unsubscribe(&mut self, names: Vec<String>) {
        let (known, unknown) = self.look_up(names);
        for channel in &known {
            match channel {
                Channel::Ticker(symbol) => {
                    self.session.unfollow(*symbol);
                    self.interests.leave(*symbol);
                }
                Channel::Log(channel) => self.session.unfollow_log(&[*channel]),
                Channel::Named(channel) => self.session.unfollow_named(channel.as_str()),
            }
        }
        self.subscriptions.retain(|channel| !known.contains(channel));
        if !known.is_empty() {
            let names = known.into_iter().map(Channel::name).collect();
            self.answers.extend(answers::unsubscribed(names, self.subscriptions.len()));
        }
        if !unknown.is_empty() {
            self.complain(&Fault::UnknownChannels(unknown));
        }
    }

    /// The channels of these names without duplicates, and the names that no channel has.
    fn look_up(&self, names: Vec<String>) -> (Vec<Channel>, Vec<String>) {
        let (mut known, mut unknown, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        for name in names {
            match Channel::find(&name, &self.services) {
                Some(channel) if !seen.insert(channel) => {}
                Some(channel) => known.push(channel),
                None => unknown.push(name),
            }
        }
        (known, unknown)
    }
}

/// How many logs these channels are of.
fn logs_of(channels: &[Channel]) -> usize {
    let named = channels.iter().filter(|channel| matches!(channel, Channel::Named(_))).count();
    let of_news = channels.iter().any(|channel| matches!(channel, Channel::Log(_)));
    named + usize::from(of_news)
}
