//! Shapes that are written by hand where they are used, as text.

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::model::{symbol::Symbol, venue::Venue};

fn text(description: &str, pattern: &str, example: &str) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::String).description(Some(description)).pattern(Some(pattern));
    schema.examples([example]).build().into()
}

impl PartialSchema for Symbol {
    fn schema() -> RefOr<Schema> {
        text("The base asset of a pair that is quoted in USDT.", "^[A-Z0-9]{1,20}$", "BTC")
    }
}

impl ToSchema for Symbol {}

impl PartialSchema for Venue {
    fn schema() -> RefOr<Schema> {
        text("The key of an exchange.", "^[a-z0-9_]{1,15}$", "binance")
    }
}

impl ToSchema for Venue {}
