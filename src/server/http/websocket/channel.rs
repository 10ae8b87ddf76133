//! What a socket can subscribe to, by name. A new kind of channel is one more arm of each function here.

use crate::{
    model::symbol::Symbol,
    server::{
        channels::builtin::BuiltIn,
        follows::Unfollowed,
        hub::session::{LogChannel, ticker_channel},
        services::Services,
    },
};

const TICKER: &str = "ticker:";

/// A channel that is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Channel {
    /// `ticker:BTC`: the newest price of a symbol.
    Ticker(Symbol),
    /// `news`, `breaking`: a part of the log.
    Log(LogChannel),
    /// `training`, `alerts`: a named channel, with a log of its own.
    Named(BuiltIn),
}

impl Channel {
    /// The channel of this name, with the symbol in any notation. `None` where there is none; while it is not known yet
    /// what the venues list, any symbol may have one.
    pub(super) fn find(name: &str, services: &Services) -> Option<Self> {
        if let Some(text) = name.strip_prefix(TICKER) {
            let symbol = Symbol::parse(text).ok()?;
            let known = services.follows.check(symbol) != Err(Unfollowed::Unlisted);
            return known.then_some(Self::Ticker(symbol));
        }
        let of_log = LogChannel::ALL.into_iter().find(|channel| channel.name() == name).map(Self::Log);
        of_log.or_else(|| BuiltIn::parse(name).map(Self::Named))
    }

    /// The one name that it goes by.
    pub(super) fn name(self) -> String {
        match self {
            Self::Ticker(symbol) => ticker_channel(symbol),
            Self::Log(channel) => channel.name().to_owned(),
            Self::Named(channel) => channel.as_str().to_owned(),
        }
    }

    /// The names of the channels that are always there. Those of other symbols that a venue lists are opened when they are
    /// asked for.
    pub(super) fn names(services: &Services) -> Vec<String> {
        let tickers = services.market.symbols().iter().copied().map(Self::Ticker);
        let others = LogChannel::ALL.map(Self::Log).into_iter().chain(BuiltIn::ALL.map(Self::Named));
        tickers.chain(others).map(Self::name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::services::fixture::Fixture;

    #[tokio::test]
    async fn each_name_in_the_list_is_found_and_is_its_own() {
        let services = Fixture::new().services;
        let names = Channel::names(&services);
        let expected = [
            "ticker:BTC",
            "ticker:ETH",
            "ticker:SOL",
            "news",
            "breaking",
            "training",
            "backtest",
            "alerts",
            "dashboard",
        ];
        assert_eq!(names, expected);
        for name in names {
            assert_eq!(Channel::find(&name, &services).map(Channel::name), Some(name));
        }
    }

    #[tokio::test]
    async fn a_symbol_may_be_written_as_everywhere() {
        let services = Fixture::new().services;
        for name in ["ticker:btc", "ticker:BTCUSDT", "ticker:btc-usdt", "ticker:Btc/Usdt"] {
            assert_eq!(Channel::find(name, &services).map(Channel::name).as_deref(), Some("ticker:BTC"), "{name}");
        }
        for name in [
            "",
            "ticker",
            "ticker:",
            "ticker:XYZ",
            "ticker:BTC-EUR",
            "Ticker:BTC",
            "BTC",
            "News",
            "price",
            "story",
            "message",
            "/alerts",
            "Alerts",
        ] {
            assert_eq!(Channel::find(name, &services), None, "{name}");
        }
    }
}
