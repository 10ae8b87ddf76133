//! A feed as text, in its outlet's format.

use super::{
    item::Item,
    outlets::{Format, Outlet},
};

mod atom;
mod json;
mod rdf;
mod rss;

/// Stands in every feed.
pub const SIMULATED: &str = "Simulated news about a simulated market. Nothing here is real.";

/// A feed with these items, newest first.
pub fn render<'a>(outlet: &Outlet, items: impl Iterator<Item = &'a Item> + Clone) -> String {
    match outlet.format {
        Format::Rss2 | Format::Rss2Cdata | Format::Rss092 => rss::render(outlet, items),
        Format::Rss1 => rdf::render(outlet, items),
        Format::Atom => atom::render(outlet, items),
        Format::Json => json::render(outlet, items),
    }
}

/// Text as it stands between tags or in an attribute. What XML would change is written as a number.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#13;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            _ => out.push(c),
        }
    }
    out
}

/// Text in a CDATA section, or in two where it has the end of one.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// XML that grows.
struct Xml(String);

impl Xml {
    fn new() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// Text as it is.
    fn raw(&mut self, text: &str) {
        self.0.push_str(text);
    }

    /// An element with nothing but text in it, which is markup already.
    fn element(&mut self, name: &str, content: &str) {
        let closing = name.split(' ').next().unwrap_or(name);
        self.0.extend(["<", name, ">", content, "</", closing, ">\n"]);
    }

    /// An element with a text.
    fn text(&mut self, name: &str, text: &str) {
        self.element(name, &escaped(text));
    }
}

#[cfg(test)]
mod tests;
