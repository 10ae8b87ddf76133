//! One WebSocket of one exchange: frames in and out, deadlines, ticks and faults.
//!
//! What is said is a [`Protocol`]'s business: it does no input or output itself, so that it can be tested frame by
//! frame. The socket's task is owned by the HTTP server and ends with the socket, with the simulator, or by a fault.

use std::time::Duration;

use axum::{
    extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket},
    response::Response,
};
use bytes::Bytes;
use futures_util::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep, sleep_until, timeout},
};

use crate::{model::symbol::Symbol, server::clock::Stamp};

use super::{Simulator, exchange::Exchange, faults::Fault, garbage, path::LEAF_MS};

/// Frames that wait for a slow reader or for a delay to pass. A reader that is further behind is dropped.
const QUEUE: usize = 8192;
/// How much later frames are sent under [`Fault::Delay`].
const DELAY: Duration = Duration::from_secs(2);
/// How long the last frames may take to leave.
const LINGER: Duration = Duration::from_secs(2);
/// A frame that has not left after this long has no reader.
const STALLED: Duration = Duration::from_mins(1);
/// Longest message that is read, in bytes.
pub const MAX_MESSAGE: usize = 256 * 1024;

/// A thing to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// An answer, an acknowledgement, a notice: goes out whatever stalls.
    Answer(String),
    /// Market data.
    Data { symbol: Option<Symbol>, text: String },
    /// A protocol ping.
    Ping(String),
    /// The end, with a close frame.
    Close { code: u16, reason: String },
    /// The end, without a word.
    Drop,
}

/// What a protocol wants to have sent, in order.
#[derive(Debug, Default)]
pub struct Outbox {
    frames: Vec<Frame>,
}

impl Outbox {
    pub fn answer(&mut self, text: impl Into<String>) {
        self.frames.push(Frame::Answer(text.into()));
    }

    pub fn data(&mut self, symbol: Option<Symbol>, text: impl Into<String>) {
        self.frames.push(Frame::Data { symbol, text: text.into() });
    }

    pub fn ping(&mut self, payload: impl Into<String>) {
        self.frames.push(Frame::Ping(payload.into()));
    }

    pub fn close(&mut self, code: u16, reason: &str) {
        self.frames.push(Frame::Close { code, reason: reason.to_owned() });
    }

    /// Ends the connection without a close frame.
    pub fn cut(&mut self) {
        self.frames.push(Frame::Drop);
    }

    /// Everything since the last call.
    pub fn take(&mut self) -> Vec<Frame> {
        std::mem::take(&mut self.frames)
    }
}

/// How an exchange talks on one socket.
pub trait Protocol: Send + 'static {
    fn exchange(&self) -> Exchange;

    /// A text came in.
    fn on_text(&mut self, text: &str, now: Stamp, out: &mut Outbox);

    /// A binary, ping or pong frame came in. A ping has been answered already.
    fn on_control(&mut self, frame: &Control, now: Stamp, out: &mut Outbox);

    /// The market has reached `time` (ms, whole quarters of a second).
    fn on_tick(&mut self, time: i64, now: Stamp, out: &mut Outbox);

    /// When [`Protocol::on_deadline`] must be called.
    fn deadline(&self) -> Instant;

    /// The deadline has passed.
    fn on_deadline(&mut self, now: Stamp, out: &mut Outbox);

    /// A restart is to be announced, and to follow after `lead` or in the exchange's usual time.
    fn on_shutdown_notice(&mut self, lead: Option<Duration>, now: Stamp, out: &mut Outbox);
}

/// A frame that is no text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Control {
    Ping,
    Pong(Bytes),
    Binary(Bytes),
}

/// How a session ended.
enum End {
    /// A close frame is in the queue.
    Closed,
    /// Nothing more is to be sent.
    Dropped,
}

type Queue = mpsc::Sender<(Instant, Message)>;

/// Turns an upgrade into a socket that talks `protocol`.
pub fn accept<P: Protocol>(
    upgrade: axum::extract::ws::WebSocketUpgrade,
    simulator: Simulator,
    protocol: P,
) -> Response {
    upgrade.max_message_size(MAX_MESSAGE).on_upgrade(move |socket| run(socket, simulator, protocol))
}

async fn run<P: Protocol>(socket: WebSocket, simulator: Simulator, protocol: P) {
    let exchange = protocol.exchange();
    let _open = simulator.count_socket(exchange);
    let (sink, mut stream) = socket.split();
    let (queue, queued) = mpsc::channel(QUEUE);
    let mut writing = std::pin::pin!(write(sink, queued));
    let session = Session { simulator, protocol, queue, release: Instant::now(), garbage: 0, out: Outbox::default() };
    let end = tokio::select! {
        end = session.run(&mut stream) => end,
        () = &mut writing => End::Dropped,
    };
    if matches!(end, End::Closed) {
        // Bytes that were not read would make the system reset the connection and lose the close frame.
        let drain = async { while let Some(Ok(_)) = stream.next().await {} };
        let _ = timeout(LINGER + DELAY, async { tokio::join!(writing, timeout(LINGER, drain)) }).await;
    }
}

/// Sends what is queued, each frame not before its time. Ends when the queue ends or the reader is gone.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut waiting: mpsc::Receiver<(Instant, Message)>) {
    while let Some((release, message)) = waiting.recv().await {
        sleep_until(release).await;
        if !matches!(timeout(STALLED, sink.send(message)).await, Ok(Ok(()))) {
            return;
        }
    }
}

struct Session<P> {
    simulator: Simulator,
    protocol: P,
    queue: Queue,
    /// No frame leaves before the one in front of it.
    release: Instant,
    /// Counts the broken frames sent.
    garbage: u64,
    out: Outbox,
}

impl<P: Protocol> Session<P> {
    async fn run(mut self, stream: &mut SplitStream<WebSocket>) -> End {
        let exchange = self.protocol.exchange();
        let mut happenings = self.simulator.faults().happenings(exchange);
        let mut seen = *happenings.borrow_and_update();
        let mut ticks = self.simulator.ticks();
        let closing = self.simulator.closing();
        loop {
            if self.simulator.faults().has(exchange, Fault::HalfOpen) {
                return lie_dead(&self.simulator, exchange).await;
            }
            let deadline = self.protocol.deadline();
            tokio::select! {
                () = closing.cancelled() => self.out.close(1001, "Going away"),
                changed = happenings.changed() => {
                    if changed.is_err() {
                        return End::Dropped;
                    }
                    let now = *happenings.borrow_and_update();
                    if now.cuts != seen.cuts {
                        return End::Dropped;
                    }
                    if now.notices != seen.notices {
                        self.protocol.on_shutdown_notice(now.lead, self.simulator.stamp(), &mut self.out);
                    }
                    seen = now;
                }
                received = stream.next() => match received {
                    None | Some(Err(_) | Ok(Message::Close(_))) => return End::Dropped,
                    Some(Ok(message)) => self.receive(message),
                },
                changed = ticks.changed() => {
                    if changed.is_err() {
                        return End::Dropped;
                    }
                    let time = *ticks.borrow_and_update();
                    self.protocol.on_tick(time, self.simulator.stamp(), &mut self.out);
                }
                () = sleep_until(deadline) => self.protocol.on_deadline(self.simulator.stamp(), &mut self.out),
            }
            if let Some(end) = self.flush() {
                return end;
            }
        }
    }

    fn receive(&mut self, message: Message) {
        let now = self.simulator.stamp();
        match message {
            Message::Text(text) => self.protocol.on_text(&text, now, &mut self.out),
            Message::Binary(bytes) => self.protocol.on_control(&Control::Binary(bytes), now, &mut self.out),
            Message::Ping(_) => self.protocol.on_control(&Control::Ping, now, &mut self.out),
            Message::Pong(bytes) => self.protocol.on_control(&Control::Pong(bytes), now, &mut self.out),
            Message::Close(_) => {}
        }
    }

    /// Queues what the protocol said, as far as the faults let it through. Says how the session ends, if it does.
    fn flush(&mut self) -> Option<End> {
        let exchange = self.protocol.exchange();
        for frame in self.out.take() {
            let (message, end) = match frame {
                Frame::Ping(payload) => (Message::Ping(payload.into_bytes().into()), None),
                Frame::Data { symbol, .. } if self.simulator.faults().stalls(exchange, symbol) => continue,
                Frame::Data { symbol, text } if self.simulator.faults().has_for(exchange, Fault::Garbage, symbol) => {
                    self.garbage += 1;
                    (garbage::frame(&text, self.garbage - 1), None)
                }
                Frame::Answer(text) | Frame::Data { text, .. } => (Message::Text(text.into()), None),
                Frame::Close { code, reason } => {
                    let frame = CloseFrame { code, reason: Utf8Bytes::from(reason) };
                    (Message::Close(Some(frame)), Some(End::Closed))
                }
                Frame::Drop => return Some(End::Dropped),
            };
            let release = self.release_time();
            if self.queue.try_send((release, message)).is_err() {
                // The queue is full: the reader does not keep up.
                return Some(End::Dropped);
            }
            if end.is_some() {
                return end;
            }
        }
        None
    }

    fn release_time(&mut self) -> Instant {
        let now = Instant::now();
        let delayed = self.simulator.faults().has(self.protocol.exchange(), Fault::Delay);
        self.release = self.release.max(if delayed { now + DELAY } else { now });
        self.release
    }
}

/// A host that is gone: reads nothing, says nothing. When it is back, it does not know the connection any more.
async fn lie_dead(simulator: &Simulator, exchange: Exchange) -> End {
    let closing = simulator.closing();
    while simulator.faults().has(exchange, Fault::HalfOpen) && !closing.is_cancelled() {
        sleep(Duration::from_millis(LEAF_MS.unsigned_abs())).await;
    }
    End::Dropped
}
