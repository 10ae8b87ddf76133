//! What the visitor chose: a theme, the assets of the strip, notifications, and which breaking stories were put away.
//!
//! Choices live in cookies, so that the first HTML is already right and nothing flashes. This file reads and writes
//! the cookies' text; setting them is the browser's business.

use std::sync::Arc;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{model::symbol::Symbol, wire::page::SiteInfo};

/// The cookie that holds the theme.
pub const THEME_COOKIE: &str = "mp_theme";
/// The cookie that holds the strip: symbols with dots between them (a comma is no cookie character).
pub const STRIP_COOKIE: &str = "mp_strip";
/// The cookie that says that the visitor asked for notifications.
pub const NOTIFY_COOKIE: &str = "mp_notify";
/// The cookie that holds the breaking stories that were put away: ids with dots between them.
pub const DISMISSED_COOKIE: &str = "mp_dismissed";
/// How many of them are remembered. Breaking stories are shown for two hours; this is plenty.
const MAX_DISMISSED: usize = 12;
/// Longest id that is remembered.
const MAX_ID: usize = 64;
/// A year, in seconds.
const KEPT_FOR_S: u32 = 31_536_000;

/// Colors of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// What the visitor's system prefers.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// `system`, `light` or `dark`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text)
    }

    /// The value of the CSS property `color-scheme`.
    pub const fn color_scheme(self) -> &'static str {
        match self {
            Self::System => "light dark",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// The choices as they travel: read from cookies on the server, handed to the browser with the first HTML.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Choices {
    pub theme: Theme,
    /// Empty where the visitor chose nothing.
    pub strip: Vec<Symbol>,
    /// Breaking stories are to be told by the browser.
    pub notify: bool,
    /// Breaking stories that were put away, in that order.
    pub dismissed: Vec<String>,
}

impl Choices {
    /// Reads the text of a `Cookie` header. What can't be read counts as not chosen.
    pub fn from_cookies(header: &str) -> Self {
        let mut choices = Self::default();
        for (name, value) in header.split(';').filter_map(|pair| pair.trim().split_once('=')) {
            match name {
                THEME_COOKIE => choices.theme = Theme::parse(value).unwrap_or_default(),
                STRIP_COOKIE => choices.strip = value.split('.').filter_map(|s| Symbol::parse(s).ok()).collect(),
                NOTIFY_COOKIE => choices.notify = value == "1",
                DISMISSED_COOKIE => {
                    let ids = value.split('.').filter(|id| can_be_kept(id)).map(str::to_owned);
                    choices.dismissed = ids.take(MAX_DISMISSED).collect();
                }
                _ => {}
            }
        }
        choices
    }
}

/// The visitor's choices as signals.
#[derive(Debug, Clone)]
pub struct Preferences {
    pub theme: ArcRwSignal<Theme>,
    /// The assets of the strip, in order. Never empty while the site follows any.
    pub strip: ArcRwSignal<Vec<Symbol>>,
    /// The strip stands still. Not kept: a new page moves again.
    pub paused: ArcRwSignal<bool>,
    /// Breaking stories are to be told by the browser.
    pub notify: ArcRwSignal<bool>,
    /// Breaking stories that were put away.
    pub dismissed: ArcRwSignal<Vec<String>>,
    site: Arc<Followed>,
}

#[derive(Debug)]
struct Followed {
    strip: Vec<Symbol>,
    assets: Vec<Symbol>,
}

impl Preferences {
    /// The visitor's choices where there are any, the site's own otherwise.
    pub fn new(choices: Choices, site: &SiteInfo) -> Self {
        let site =
            Followed { strip: site.strip.clone(), assets: site.assets.iter().map(|asset| asset.symbol).collect() };
        Self {
            theme: ArcRwSignal::new(choices.theme),
            strip: ArcRwSignal::new(site.strip_of(choices.strip)),
            paused: ArcRwSignal::new(false),
            notify: ArcRwSignal::new(choices.notify),
            dismissed: ArcRwSignal::new(choices.dismissed),
            site: Arc::new(site),
        }
    }

    pub fn set_theme(&self, theme: Theme) {
        self.theme.set(theme);
    }

    /// Puts a breaking story away, on this page and on later ones.
    pub fn dismiss(&self, id: &str) {
        self.dismissed.update(|dismissed| {
            dismissed.retain(|known| known != id);
            dismissed.push(id.to_owned());
            let surplus = dismissed.len().saturating_sub(MAX_DISMISSED);
            dismissed.drain(..surplus);
        });
    }

    /// Chooses the assets of the strip. Assets that are not followed and repetitions are left out; an empty choice
    /// is the site's own.
    pub fn set_strip(&self, symbols: Vec<Symbol>) {
        self.strip.set(self.site.strip_of(symbols));
    }

    /// Puts an asset at the end of the strip, or takes it away. The last one stays.
    pub fn toggle(&self, symbol: Symbol) {
        let mut strip = self.strip.get_untracked();
        if let Some(at) = strip.iter().position(|s| *s == symbol) {
            if strip.len() > 1 {
                strip.remove(at);
            }
        } else {
            strip.push(symbol);
        }
        self.set_strip(strip);
    }

    /// Back to the site's own strip.
    pub fn reset_strip(&self) {
        self.strip.set(self.site.strip.clone());
    }

    /// Whether the strip differs from the site's own. Tracks the strip.
    pub fn strip_is_chosen(&self) -> bool {
        self.strip.with(|strip| *strip != self.site.strip)
    }

    /// The cookies that keep the choices, as `document.cookie` and `Set-Cookie` take them. A choice that equals the
    /// default is forgotten, so that a later default applies. Tracks all of them.
    pub fn cookies(&self) -> [String; 4] {
        let theme = self.theme.get();
        let strip = self.strip.with(|s| s.iter().map(Symbol::as_str).collect::<Vec<_>>().join("."));
        let kept = |ids: &Vec<String>| {
            ids.iter().map(String::as_str).filter(|id| can_be_kept(id)).collect::<Vec<_>>().join(".")
        };
        let dismissed = self.dismissed.with(kept);
        [
            cookie(THEME_COOKIE, theme.as_str(), theme != Theme::System),
            cookie(STRIP_COOKIE, &strip, self.strip_is_chosen()),
            cookie(NOTIFY_COOKIE, "1", self.notify.get()),
            cookie(DISMISSED_COOKIE, &dismissed, !dismissed.is_empty()),
        ]
    }
}

impl Followed {
    fn strip_of(&self, symbols: Vec<Symbol>) -> Vec<Symbol> {
        let mut strip = Vec::new();
        for symbol in symbols {
            if self.assets.contains(&symbol) && !strip.contains(&symbol) {
                strip.push(symbol);
            }
        }
        if strip.is_empty() { self.strip.clone() } else { strip }
    }
}

/// Whether an id can be part of a cookie as it is.
fn can_be_kept(id: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    !id.is_empty() && id.len() <= MAX_ID && id.bytes().all(plain)
}

fn cookie(name: &str, value: &str, kept: bool) -> String {
    let max_age = if kept { KEPT_FOR_S } else { 0 };
    format!("{name}={value}; Path=/; Max-Age={max_age}; SameSite=Lax")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::asset::AssetInfo;

    fn symbols(text: &str) -> Vec<Symbol> {
        text.split_whitespace().map(|s| Symbol::parse(s).expect("symbol")).collect()
    }

    fn preferences(choices: Choices) -> Preferences {
        let site = SiteInfo {
            strip: symbols("BTC ETH"),
            assets: symbols("BTC ETH SOL 1INCH").into_iter().map(AssetInfo::of).collect(),
            ..SiteInfo::empty()
        };
        Preferences::new(choices, &site)
    }

    #[test]
    fn choices_are_read_from_any_cookie_header() {
        for (header, theme, strip) in [
            ("", Theme::System, ""),
            ("mp_theme=dark", Theme::Dark, ""),
            ("a=b; mp_theme=light; mp_strip=SOL.1INCH", Theme::Light, "SOL 1INCH"),
            ("mp_theme=pink; mp_strip=..<script>.BTC", Theme::System, "BTC"),
            (";;=; mp_theme", Theme::System, ""),
        ] {
            assert_eq!(
                Choices::from_cookies(header),
                Choices { theme, strip: symbols(strip), ..Choices::default() },
                "{header}"
            );
        }
    }

    #[test]
    fn what_is_not_followed_is_not_on_the_strip() {
        Owner::new().with(|| {
            let chosen = preferences(Choices { strip: symbols("SOL XXX SOL BTC"), ..Choices::default() });
            assert_eq!(chosen.strip.get_untracked(), symbols("SOL BTC"));
            let unknown = preferences(Choices { strip: symbols("XXX"), ..Choices::default() });
            assert_eq!(unknown.strip.get_untracked(), symbols("BTC ETH"));
        });
    }

    #[test]
    fn the_last_asset_stays_on_the_strip() {
        Owner::new().with(|| {
            let preferences = preferences(Choices::default());
            for symbol in symbols("BTC ETH") {
                preferences.toggle(symbol);
            }
            assert_eq!(preferences.strip.get_untracked(), symbols("ETH"));
            preferences.toggle(symbols("1INCH")[0]);
            assert_eq!(preferences.strip.get_untracked(), symbols("ETH 1INCH"));
            preferences.reset_strip();
            assert_eq!(preferences.strip.get_untracked(), symbols("BTC ETH"));
        });
    }

    #[test]
    fn cookies_read_what_they_wrote_and_forget_defaults() {
        Owner::new().with(|| {
            let preferences = preferences(Choices::default());
            assert!(preferences.cookies().iter().all(|cookie| cookie.contains("Max-Age=0;")));
            preferences.set_theme(Theme::Dark);
            preferences.set_strip(symbols("SOL 1INCH"));
            preferences.notify.set(true);
            for n in 0..20 {
                preferences.dismiss(&format!("story-{n}"));
            }
            preferences.dismiss("story-8");
            preferences.dismiss("not; Path=/a.cookie");
            let header = preferences.cookies().map(|c| c.split(';').next().unwrap_or_default().to_owned()).join("; ");
            let read = Choices::from_cookies(&header);
            let dismissed: Vec<String> = (10..20).chain([8]).map(|n| format!("story-{n}")).collect();
            assert_eq!(read, Choices { theme: Theme::Dark, strip: symbols("SOL 1INCH"), notify: true, dismissed });
            assert!(preferences.cookies().iter().all(|cookie| cookie.contains("Max-Age=31536000;")));
        });
    }
}
