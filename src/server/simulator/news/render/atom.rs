//! Atom 1.0 (RFC 4287).

use super::{SIMULATED, Xml, escaped};
use crate::server::simulator::news::{
    item::{Date, Item},
    outlets::Outlet,
};

pub fn render<'a>(outlet: &Outlet, items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let mut xml = Xml::new();
    xml.raw("<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n");
    xml.text("id", &format!("tag:{},2026:feed", outlet.host));
    xml.text("title", outlet.name);
    xml.text("subtitle", SIMULATED);
    xml.raw(&format!("<link rel=\"alternate\" href=\"https://{}/\"/>\n", outlet.host));
    let newest = items.clone().find_map(|item| if let Date::At(_) = item.date { item.date.rfc3339() } else { None });
    xml.text("updated", newest.as_deref().unwrap_or("1970-01-01T00:00:00Z"));
    for item in items {
        if let Some(raw) = &item.raw {
            xml.raw(raw);
            continue;
        }
        xml.raw("<entry>\n");
        xml.text("id", &item.guid);
        xml.text("title", &item.title);
        xml.raw(&format!("<link rel=\"alternate\" href=\"{}\"/>\n", escaped(&item.link)));
        if let Some(date) = item.date.rfc3339() {
            xml.text("published", &date);
            xml.text("updated", &date);
        }
        if let Some(author) = &item.author {
            xml.element("author", &format!("<name>{}</name>", escaped(author)));
        }
        if let Some(image) = &item.image {
            xml.raw(&format!("<link rel=\"enclosure\" type=\"image/jpeg\" href=\"{}\"/>\n", escaped(image)));
        }
        xml.text("summary type=\"html\"", &item.description);
        xml.raw(&format!("<category term=\"{}\"/>\n", outlet.category));
        xml.raw("</entry>\n");
    }
    xml.raw("</feed>\n");
    xml.0
}
