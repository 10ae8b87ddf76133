//! RSS 2.0 and 0.92.

use super::{SIMULATED, Xml, cdata, escaped};
use crate::server::simulator::news::{
    item::{Date, Item},
    outlets::{Format, Outlet},
};

pub fn render<'a>(outlet: &Outlet, items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let old = outlet.format == Format::Rss092;
    let text = if outlet.format == Format::Rss2Cdata { cdata } else { escaped };
    let mut xml = Xml::new();
    xml.raw(if old {
        "<rss version=\"0.92\">\n<channel>\n"
    } else {
        "<rss version=\"2.0\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n"
    });
    xml.text("title", outlet.name);
    xml.text("link", &format!("https://{}/", outlet.host));
    xml.text("description", SIMULATED);
    xml.element("language", "en");
    let newest = items.clone().find_map(|item| if let Date::At(_) = item.date { item.date.rfc2822() } else { None });
    if let Some(newest) = newest {
        xml.element("lastBuildDate", &newest);
    }
    for item in items {
        if let Some(raw) = &item.raw {
            xml.raw(raw);
            continue;
        }
        xml.raw("<item>\n");
        xml.element("title", &text(&item.title));
        xml.text("link", &item.link);
        if !old {
            let is_page = item.guid == item.link || item.guid.starts_with("https://");
            xml.text(if is_page { "guid" } else { "guid isPermaLink=\"false\"" }, &item.guid);
        }
        if let Some(date) = item.date.rfc2822() {
            xml.text("pubDate", &date);
        }
        xml.element("description", &text(&item.description));
        if let (false, Some(author)) = (old, &item.author) {
            xml.text("dc:creator", author);
        }
        if let Some(image) = &item.image {
            let kind = if old { "enclosure length=\"1\"" } else { "media:content medium=\"image\"" };
            xml.raw(&format!("<{kind} type=\"image/jpeg\" url=\"{}\"/>\n", escaped(image)));
        }
        xml.text("category", outlet.category);
        xml.raw("</item>\n");
    }
    xml.raw("</channel>\n</rss>\n");
    xml.0
}
