//! Reading one feed of the settings.

use super::Feed;

/// Of a feed that names none.
pub(super) const DEFAULT_TIER: &str = "2";
pub(super) const DEFAULT_TRUST: &str = "0.5";

impl Feed {
    /// Reads `key|name|category|url`, with `|tier` and `|trust` after it or not.
    pub(super) fn parse(item: &str) -> Result<Self, String> {
        let parts: Vec<&str> = item.split('|').map(str::trim).collect();
        let fields = match *parts.as_slice() {
            [key, name, category, url] => [key, name, category, url, DEFAULT_TIER, DEFAULT_TRUST],
            [key, name, category, url, tier] => [key, name, category, url, tier, DEFAULT_TRUST],
            [key, name, category, url, tier, trust] => [key, name, category, url, tier, trust],
            _ => {
                return Err(format!(
                    "has `{item}`, which is not key|name|category|url or key|name|category|url|tier|trust"
                ));
            }
        };
        Self::read(fields)
    }

    /// Key, name, category, address, tier, trust.
    pub(super) fn read([key, name, category, url, tier, trust]: [&str; 6]) -> Result<Self, String> {
        let plain = |text: &str| !text.is_empty() && text.len() <= 64 && !text.contains(char::is_control);
        let key_char = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !plain(key) || !key.chars().all(key_char) {
            return Err(format!("has a feed with the key `{key}`: 1 to 64 letters, digits, `_` or `-`"));
        }
        if !plain(name) || !plain(category) {
            return Err(format!("has the feed `{key}`, whose name and category must have 1 to 64 characters"));
        }
        let tier_wrong = || format!("has the feed `{key}` with tier `{tier}`: it must be 1, 2 or 3");
        let trust_wrong = || format!("has the feed `{key}` with trust `{trust}`: it must be a number from 0 to 1");
        Ok(Self {
            key: key.to_owned(),
            name: name.to_owned(),
            category: category.to_owned(),
            url: url.to_owned(),
            tier: tier.parse().ok().filter(|tier| (1..=3).contains(tier)).ok_or_else(tier_wrong)?,
            trust: trust.parse().ok().filter(|trust| (0.0..=1.0).contains(trust)).ok_or_else(trust_wrong)?,
        })
    }
}
