//! Values that the first HTML carries to the browser, so that hydration asks for nothing.

use leptos::{
    prelude::SharedValue,
    server::codee::{Decoder, Encoder},
};
use serde::Serialize;

use super::json::{self, FromJson};

/// Made on the server and written into the first HTML; read from there at hydration. Made anew in the browser at any
/// other time.
pub fn carry<T: Serialize + FromJson>(make: impl FnOnce() -> T) -> T {
    SharedValue::<T, Json>::new_with_encoding(make).into_inner()
}

/// JSON that is read as the answers of server functions are: one reader for all keeps the browser's build small.
struct Json;

impl<T: Serialize> Encoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = String;

    fn encode(value: &T) -> Result<String, Self::Error> {
        serde_json::to_string(value)
    }
}

impl<T: FromJson> Decoder<T> for Json {
    type Error = serde_json::Error;
    type Encoded = str;

    fn decode(text: &str) -> Result<T, Self::Error> {
        json::read(text.as_bytes())
    }
}
