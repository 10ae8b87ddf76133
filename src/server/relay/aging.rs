//! What a ticker is worth that nobody vouches for.

use crate::model::{
    freshness::Freshness,
    ticker::{Reason, Ticker},
};

/// The ticker as it is when no venue is connected: its price stays and no venue is used, as the market says it then.
pub(super) fn downed(ticker: &Ticker) -> Ticker {
    let mut down = ticker.clone();
    down.sources = 0;
    down.freshness = Freshness::Down;
    down.agree = true;
    down.dispersion = None;
    for venue in &mut down.venues {
        venue.freshness = Freshness::Down;
        venue.used = false;
        venue.weight = 0.0;
        venue.reason = Some(Reason::Down);
    }
    down
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::market::fixture::ticker;

    #[test]
    fn the_price_stays_and_nothing_is_used() {
        let live = ticker("BTC", 43_250.5);
        let down = downed(&live);
        assert_eq!((down.price.to_bits(), down.timestamp), (live.price.to_bits(), live.timestamp));
        assert_eq!((down.sources, down.freshness), (0, Freshness::Down));
        assert!(down.venues.iter().all(|v| !v.used && v.weight == 0.0 && v.reason == Some(Reason::Down)));
        assert_eq!(down.venues[0].price, live.venues[0].price);
    }
}
