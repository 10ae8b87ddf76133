//! Symbols on demand: a follower says what its readers want, and the leader follows that at the venues as long as it is said.
//!
//! The leader wants them like any other reader does: only what a venue lists, and within what may be followed on demand.

use std::{collections::BTreeSet, convert::Infallible, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::time::{Instant, sleep};
use tracing::{info, warn};

use super::{
    link::{Link, LinkError},
    mirror::Mirror,
    shared::{Shared, count},
};
use crate::{
    model::symbol::Symbol,
    server::{
        demand::{Demand, DemandWatch},
        follows::{Follows, Interests, Unfollowed},
    },
};

/// How often a node says what its readers want, and how often the leader looks without a call. Wishes last longer.
const SAY_EVERY: Duration = Duration::from_secs(2);

/// What readers want, here and at other nodes.
pub(super) struct Wants {
    follows: Arc<Follows>,
    state: Mutex<State>,
}

struct State {
    /// What this node, leading, follows for others.
    held: Interests,
    /// What it can't follow for them. Each is spoken of and counted once.
    refused: BTreeSet<Symbol>,
    /// A name of no use was spoken of.
    warned: bool,
}

impl Wants {
    pub(super) fn new(follows: Arc<Follows>) -> Self {
        let held = Interests::of_nodes(Arc::clone(&follows));
        Self { follows, state: Mutex::new(State { held, refused: BTreeSet::new(), warned: false }) }
    }

    /// Says and hears what is wanted, over one connection.
    pub(super) async fn share(&self, shared: &Shared, mirror: &Mirror, link: &Link) -> Result<Infallible, LinkError> {
        let mut demand: DemandWatch = self.follows.demand();
        let mut known = Arc::<Demand>::default();
        loop {
            let wanted = Arc::clone(&demand.borrow_and_update());
            let leads = shared.lease(Instant::now()).is_some();
            if leads {
                let all = link.want(&[]).await?;
                self.follow(&all, shared);
            } else {
                self.let_go();
                // The leader keeps a symbol for a minute after this has stopped: what stays here for a minute after its
                // last reader is not said, or it would be two.
                let own = self.follows.wanted();
                if !own.is_empty() {
                    link.want(&own).await?;
                }
                // What the leader has told of these was left out here, as nobody wanted them.
                let new: Vec<Symbol> = wanted.keys().filter(|symbol| !known.contains_key(*symbol)).copied().collect();
                if !new.is_empty()
                    && let Some(snapshot) = link.snapshot(&new).await?
                {
                    mirror.take_snapshot(&snapshot, shared);
                }
            }
            known = wanted;
            tokio::select! {
                () = sleep(SAY_EVERY) => {}
                () = shared.wanted.notified() => {}
                // The sender lives as long as this does. What the leader follows itself is nobody else's business.
                Ok(()) = demand.changed(), if !leads => {}
            }
        }
    }

    /// Follows nothing for others any more. What they still want is followed a minute longer, in case they say so again.
    pub(super) fn let_go(&self) {
        let State { held, refused, warned } = &mut *self.state.lock();
        held.clear();
        refused.clear();
        *warned = false;
    }

    /// Follows what readers of other nodes want, and nothing else for them.
    pub(super) fn follow(&self, all: &[String], shared: &Shared) {
        let wanted = self.symbols(all, shared);
        let State { held, refused, .. } = &mut *self.state.lock();
        held.keep(&wanted);
        refused.retain(|symbol| wanted.contains(symbol));
        for symbol in wanted {
            match held.want(symbol) {
                Ok(()) => {
                    refused.remove(&symbol);
                }
                // Known in a moment.
                Err(Unfollowed::NotKnownYet) => {}
                Err(reason) => {
                    if refused.insert(symbol) {
                        count(&shared.counters.wants_refused, 1);
                        info!(%symbol, %reason, "another node wants a symbol that can't be followed");
                    }
                }
            }
        }
    }

    /// Those that are symbols.
    fn symbols(&self, names: &[String], shared: &Shared) -> BTreeSet<Symbol> {
        let mut wanted = BTreeSet::new();
        for name in names {
            let Ok(symbol) = Symbol::parse(name) else {
                count(&shared.counters.undecodable, 1);
                if !std::mem::replace(&mut self.state.lock().warned, true) {
                    warn!("another node wants what is no symbol: is it of another version?");
                }
                continue;
            };
            wanted.insert(symbol);
        }
        wanted
    }
}
