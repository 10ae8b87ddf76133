//! The exchanges that are known: one line each.

use super::{binance::Binance, bybit::Bybit, connector::Connector, okx::Okx};
use crate::model::venue::Venue;

/// Every connector, in the order of pages and settings.
pub static CONNECTORS: &[&dyn Connector] = &[&Binance, &Bybit, &Okx];

/// The connector of this venue.
pub fn connector(venue: Venue) -> Option<&'static dyn Connector> {
    CONNECTORS.iter().copied().find(|c| c.venue() == venue)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::server::config::{MAX_ON_DEMAND, MAX_SYMBOLS};

    #[test]
    fn one_connection_of_each_takes_all_that_can_be_configured_and_all_that_can_be_in_demand() {
        for connector in CONNECTORS {
            assert!(connector.rules().streams >= MAX_SYMBOLS + MAX_ON_DEMAND, "{connector:?}");
        }
    }

    #[test]
    fn keys_and_marks_are_unique_and_addresses_are_urls() {
        let mut keys = HashSet::new();
        let mut marks = HashSet::new();
        for connector in CONNECTORS {
            let info = connector.info();
            assert_eq!(info.venue, connector.venue());
            assert!(keys.insert(info.venue) && marks.insert(info.mark), "{info:?}");
            for (urls, schemes) in [(connector.ws_urls(), ["ws", "wss"]), (connector.rest_urls(), ["http", "https"])] {
                assert!(!urls.is_empty());
                for url in urls {
                    let url = url::Url::parse(url).unwrap();
                    assert!(schemes.contains(&url.scheme()) && url.host_str().is_some(), "{url}");
                }
            }
        }
    }
}
