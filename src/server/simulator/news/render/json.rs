//! JSON Feed 1.1.

use serde_json::{Map, Value, json};

use super::SIMULATED;
use crate::server::simulator::news::{item::Item, outlets::Outlet};

pub fn render<'a>(outlet: &Outlet, items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let items: Vec<String> = items.map(|item| item.raw.clone().unwrap_or_else(|| one(item).to_string())).collect();
    let head = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.name,
        "description": SIMULATED,
        "home_page_url": format!("https://{}/", outlet.host),
        "language": "en",
    });
    // Raw items need not be JSON, so the list is written by hand.
    let head = head.to_string();
    format!("{},\"items\":[{}]}}", head.trim_end_matches('}'), items.join(","))
}

fn one(item: &Item) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Value| fields.insert(name.to_owned(), value);
    set("id", item.guid.as_str().into());
    set("url", item.link.as_str().into());
    set("title", item.title.as_str().into());
    set("content_text", item.description.as_str().into());
    if let Some(date) = item.date.rfc3339() {
        set("date_published", date.into());
    }
    if let Some(author) = &item.author {
        set("authors", json!([{ "name": author }]));
    }
    if let Some(image) = &item.image {
        set("image", image.as_str().into());
    }
    Value::Object(fields)
}
