//! Which item is the same as one that was seen before.

use ring::digest::{Context, SHA256};
use url::Url;

use crate::server::news::item::Item;

/// The article's id: 16 hexadecimal digits, the same after a restart and in every version of this program.
///
/// An item is its feed and its link. So an edited title and a new guid leave it the same item, and one guid with two
/// links is two items. Where the link is only a site's front page, which some feeds give to all of their items, guid and
/// title count too.
///
/// A cryptographic hash, so that no feed can make an item that takes the id of another feed's.
pub fn article_id(feed_key: &str, item: &Item) -> String {
    let mut hash = Context::new(&SHA256);
    let mut add = |part: &str| {
        // Lengths keep the parts apart: "a" + "bc" is not "ab" + "c".
        hash.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part.as_bytes());
    };
    add(feed_key);
    add(same_link(&item.link));
    if is_front_page(&item.link) {
        add(&item.guid);
        add(&item.title);
    }
    hash.finish().as_ref().iter().take(8).fold(String::with_capacity(16), |mut id, byte| {
        for nibble in [byte >> 4, byte & 15] {
            id.extend(char::from_digit(u32::from(nibble), 16));
        }
        id
    })
}

/// The link without what differs between two ways to write it.
fn same_link(link: &str) -> &str {
    let link = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://")).unwrap_or(link);
    let link = link.strip_prefix("www.").unwrap_or(link);
    link.strip_suffix('/').unwrap_or(link)
}

fn is_front_page(link: &str) -> bool {
    Url::parse(link)
        .is_ok_and(|url| matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none())
}
