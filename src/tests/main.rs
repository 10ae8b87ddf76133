//! The whole server against the whole simulator, over the real protocols, with a clock that the test moves.

#[cfg(test)]
mod channels;
#[cfg(test)]
mod deploy;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod grouping;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod net;
#[cfg(test)]
mod news;
#[cfg(test)]
mod on_demand;
#[cfg(test)]
#[path = "../server/metrics/reading.rs"]
mod reading;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod redis;
#[cfg(test)]
mod relay;
#[cfg(test)]
mod sse;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod stream;
#[cfg(test)]
mod tokens;
#[cfg(test)]
mod ws;
