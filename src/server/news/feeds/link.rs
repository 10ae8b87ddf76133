//! Addresses: one way to write each, and none that does anything but lead to a page or show a picture.

#[cfg(test)]
mod tests;

use url::Url;

/// Longest address, in bytes.
pub const MAX_LINK: usize = 2048;

/// Parameters that tell who sent the reader, and nothing about the page. `*` stands for any ending.
const TRACKING: [&str; 47] = [
    "utm_*",
    "fbclid",
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "igsh",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "_hsenc",
    "_hsmi",
    "hsctatracking",
    "vero_id",
    "vero_conv",
    "oly_enc_id",
    "oly_anon_id",
    "cmpid",
    "cmp",
    "ncid",
    "nr_email_referer",
    "wt_mc",
    "xtor",
    "spm",
    "scid",
    "smid",
    "sref",
    "ref",
    "ref_src",
    "ref_url",
    "referrer",
    "guccounter",
    "guce_*",
    "__twitter_impression",
    "at_medium",
    "at_campaign",
    "ns_campaign",
    "ns_mchannel",
    "_ga",
    "_gl",
    "s_cid",
];

/// Parameters that are tracking only with these values.
const TRACKING_VALUES: [(&str, &str); 6] =
    [("source", "rss"), ("src", "rss"), ("from", "rss"), ("feed", "rss"), ("mod", "rss"), ("output", "rss")];

/// Hosts and paths of pictures that count readers.
const BEACONS: [&str; 22] = [
    "feedburner.com/~r",
    "feedsportal.com",
    "pixel.wp.com",
    "stats.wordpress.com",
    "doubleclick.net",
    "google-analytics.com",
    "googletagmanager.com",
    "googlesyndication.com",
    "scorecardresearch.com",
    "quantserve.com",
    "facebook.com/tr",
    "/pixel.",
    "/pixel/",
    "/beacon",
    "/1x1",
    "1x1.",
    "/spacer.",
    "/blank.gif",
    "/clear.gif",
    "/b.gif",
    "/tracking/",
    "/track/open",
];

/// The canonical form of an address that may be relative to `base`: `http` or `https`, without user, password, default
/// port, tracking parameters and fragment (but for `#!…`, which names a page). `None` if it is no such address, or longer
/// than [`MAX_LINK`].
pub fn canonical(raw: &str, base: &Url) -> Option<String> {
    tidy(base.join(within(raw)?).ok()?)
}

/// The same of a guid that is a whole address itself.
pub fn permalink(guid: &str) -> Option<String> {
    tidy(Url::parse(within(guid)?).ok()?)
}

/// The address of a picture that can be shown: `https`, of a kind that can't hold a script, and larger than what only
/// counts readers. `kind` is its media type where one is known, `size` its width and height in pixels.
pub fn image(raw: &str, kind: &str, size: [Option<u32>; 2], base: &Url) -> Option<String> {
    let url = base.join(within(raw)?).ok()?;
    if url.scheme() != "https" || url.host_str().is_none_or(str::is_empty) || url.as_str().len() > MAX_LINK {
        return None;
    }
    if kind.contains("svg") || size.into_iter().flatten().any(|pixels| pixels <= 3) {
        return None;
    }
    let path = url.path().to_ascii_lowercase();
    let place = format!("{}{path}", url.host_str().unwrap_or_default());
    let is_svg = [".svg", ".svgz"].iter().any(|ending| path.ends_with(ending) || path.contains(&format!("{ending}/")));
    let is_beacon = BEACONS.iter().any(|beacon| place.contains(beacon));
    let is_dot = url.query_pairs().any(|(key, value)| {
        matches!(&*key, "w" | "h" | "width" | "height") && matches!(&*value, "0" | "1" | "2" | "3")
    });
    // Pictures are made by a script of the host; a format in the query says what comes.
    let asks_svg = url.query_pairs().any(|(_, value)| value.contains("svg"));
    (!is_svg && !is_beacon && !is_dot && !asks_svg).then(|| without_user(url)).flatten().map(String::from)
}

/// The first picture of a text with markup that can be shown.
pub fn first_image(html: &str, base: &Url) -> Option<String> {
    let starts = html.match_indices('<').map(|(at, _)| at).filter_map(|at| html.get(at..));
    let tags = starts.filter(|tag| tag.get(1..4).is_some_and(|name| name.eq_ignore_ascii_case("img")));
    tags.take(MOST_IMAGES).find_map(|tag| {
        let tag = tag.get(4..tag.find('>').unwrap_or(tag.len()))?;
        let pixels = |name| attribute(tag, name).and_then(|value| value.trim_end_matches("px").parse().ok());
        image(&attribute(tag, "src")?.replace("&amp;", "&"), "", [pixels("width"), pixels("height")], base)
    })
}

/// Pictures of one text that are looked at.
const MOST_IMAGES: usize = 8;

/// The value of an attribute in the inside of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let named = tag.match_indices(name).find_map(|(at, _)| {
        let before = tag.get(..at)?;
        let value = tag.get(at + name.len()..)?.trim_start().strip_prefix('=')?.trim_start();
        before.ends_with(|c: char| c.is_whitespace() || c == '"' || c == '\'').then_some(value)
    })?;
    match named.chars().next()? {
        quote @ ('"' | '\'') => named.get(1..)?.split(quote).next(),
        _ => named.split(|c: char| c.is_whitespace() || c == '/' && named.len() < 4).next(),
    }
}

fn within(raw: &str) -> Option<&str> {
    let raw = raw.trim();
    (!raw.is_empty() && raw.len() <= 2 * MAX_LINK).then_some(raw)
}

fn tidy(url: Url) -> Option<String> {
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let mut url = without_user(url)?;
    if !url.fragment().is_some_and(|fragment| fragment.starts_with('!')) {
        url.set_fragment(None);
    }
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_tracking(pair)).collect();
        let kept = kept.join("&");
        url.set_query(Some(kept.as_str()).filter(|kept| !kept.is_empty()));
    }
    Some(String::from(url)).filter(|url| url.len() <= MAX_LINK)
}

/// A name before the host makes one host look like another.
fn without_user(mut url: Url) -> Option<Url> {
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

fn is_tracking(pair: &str) -> bool {
    let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
    let key = key.to_ascii_lowercase();
    TRACKING.iter().any(|known| match known.strip_suffix('*') {
        Some(start) => key.starts_with(start),
        None => key == *known,
    }) || TRACKING_VALUES.iter().any(|(known, start)| key == *known && value.to_ascii_lowercase().starts_with(start))
}
