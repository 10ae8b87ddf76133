//! RSS 1.0.

use super::{SIMULATED, Xml, escaped};
use crate::server::simulator::news::{item::Item, outlets::Outlet};

pub fn render<'a>(outlet: &Outlet, items: impl Iterator<Item = &'a Item> + Clone) -> String {
    let mut xml = Xml::new();
    xml.raw(concat!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns=\"http://purl.org/rss/1.0/\" ",
        "xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n"
    ));
    let home = format!("https://{}/", outlet.host);
    xml.raw(&format!("<channel rdf:about=\"{home}\">\n"));
    xml.text("title", outlet.name);
    xml.text("link", &home);
    xml.text("description", SIMULATED);
    xml.raw("<items><rdf:Seq>\n");
    for item in items.clone().filter(|item| item.raw.is_none()) {
        xml.raw(&format!("<rdf:li rdf:resource=\"{}\"/>\n", escaped(&item.guid)));
    }
    xml.raw("</rdf:Seq></items>\n</channel>\n");
    for item in items {
        if let Some(raw) = &item.raw {
            xml.raw(raw);
            continue;
        }
        xml.raw(&format!("<item rdf:about=\"{}\">\n", escaped(&item.guid)));
        xml.text("title", &item.title);
        xml.text("link", &item.link);
        xml.text("description", &item.description);
        if let Some(author) = &item.author {
            xml.text("dc:creator", author);
        }
        if let Some(date) = item.date.rfc3339() {
            xml.text("dc:date", &date);
        }
        xml.raw("</item>\n");
    }
    xml.raw("</rdf:RDF>\n");
    xml.0
}
