//! Every error that the API answers.

use super::samples::Samples;
use crate::{
    server::{
        access::Scope,
        channels::{path::BadChannelPath, schema::Misfit},
        http::{body::MAX_BODY, error::HttpError},
    },
    wire::json::Json,
};

/// One of each kind, in the order of the statuses.
fn all(samples: &Samples) -> Vec<HttpError> {
    use HttpError as E;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let misfit = Misfit { path: "data.progress".into(), expected: "must be a number from 0 to 100".into() };
    let mut all = vec![
        E::MalformedSymbol,
        E::NoSymbols,
        E::TooManySymbols,
        E::BadMaxHz,
        E::UnknownSource { known: names(&["coindesk", "theblock"]) },
        E::UnknownEvent { known: names(&["news", "breaking", "price"]) },
        E::BadBreaking,
        E::BadKeywords,
        E::BadLimit,
        E::BadCursor,
        E::BadText,
        E::BadClientId,
        E::BadChannelPath(BadChannelPath),
        E::BadPath,
        E::MalformedJson,
        E::IncompleteBody,
        E::BadTarget,
        E::MalformedRequest,
        E::BadHandshake,
        E::OtherEngineVersion,
        E::UnknownTransport,
        E::UnknownSession,
        E::BadEngineMethod,
        E::BadEngineRequest,
        E::Unauthorized { needed: Scope::Publish },
        E::BadToken,
        E::WrongToken,
        E::ExpiredToken,
        E::Forbidden { needed: Scope::Publish },
        E::OriginRefused,
        E::LocalOnly,
        E::UnknownSymbol(samples.btc),
        E::OtherQuote,
        E::UnknownChannel,
        E::NotFound,
        E::MethodNotAllowed,
        E::BodyTooSlow,
        E::ChannelExists,
        E::BodyTooLarge { most: MAX_BODY },
        E::UriTooLong,
        E::HeadTooLarge,
        E::Misfit(misfit),
        E::OtherWebSocketVersion,
        E::RateLimited { retry_after_ms: 5000 },
        E::TooManyWrongTokens { retry_after_ms: 5000 },
        E::NoPriceYet,
        E::Starting,
        E::ListingsNotLoaded,
        E::TooManyFollowed,
        E::TooManyFollowedForClient,
        E::AddressFull,
        E::TokenFull,
        E::ServerFull,
        E::Busy { retry_after_ms: 5000 },
        E::AddressHasTooManySockets,
        E::TooManySockets,
        E::GoingDown,
        E::TooMuchPublished,
        E::NotStored,
        E::ChannelsAway,
        E::Unconfirmed,
        E::StorageUnavailable,
        E::MetricsUnavailable,
        E::TooManyChannels,
    ];
    all.sort_by_key(HttpError::status);
    all
}

/// `{"status","code","message","retry"}` of each.
pub fn table(samples: &Samples) -> Json {
    let row = |error: &HttpError| {
        let body = error.body();
        Json::object([
            ("status", Json::of(&error.status().as_u16())),
            ("code", Json::word(body.error.code)),
            ("message", Json::word(body.error.message)),
            ("retry", Json::Bool(body.retry.is_some())),
        ])
    };
    Json::List(all(samples).iter().map(row).collect())
}

/// Two that show both kinds: waiting helps, and it does not.
pub fn examples(samples: &Samples) -> [(&'static str, Json); 2] {
    [
        ("rate_limited", Json::of(&HttpError::RateLimited { retry_after_ms: 5000 }.body())),
        ("unknown_symbol", Json::of(&HttpError::UnknownSymbol(samples.eth).body())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_is_in_the_table_once() {
        let source = include_str!("../error.rs");
        let (_, rest) = source.split_once("pub enum HttpError {").expect("the kinds");
        let (body, _) = rest.split_once("\n}\n").expect("their end");
        let names = body
            .lines()
            .filter_map(|line| line.strip_prefix("    "))
            .filter(|line| line.starts_with(char::is_uppercase));
        let mut names: Vec<String> =
            names.map(|line| line.chars().take_while(char::is_ascii_alphanumeric).collect()).collect();
        let samples = Samples::new().expect("samples");
        let mut told: Vec<String> = all(&samples)
            .iter()
            .map(|error| format!("{error:?}").chars().take_while(char::is_ascii_alphanumeric).collect())
            .collect();
        names.sort();
        told.sort();
        assert!(names.len() > 40, "{names:?}");
        assert_eq!(told, names);
    }
}
