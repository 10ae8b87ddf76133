//! Who tells an event, when, and in which words.

use jiff::{Timestamp, tz::TimeZone};

use crate::server::simulator::{
    noise::{Noise, key_of_text},
    path::SECOND_MS,
};

use super::{
    events::{Event, choose},
    facts::{Facts, headline_case},
    item::{Date, Item},
    outlets::{Format, OUTLETS, Outlet, Style},
};

/// Minutes after an event at which more of it becomes known: at least, and how many more at most.
const LATER_MS: (i64, u64) = (180 * SECOND_MS, 300_000);
/// A correction or a withdrawal follows a report by this, in ms: at least, and how much more at most.
const MENDED_MS: (i64, u64) = (90 * SECOND_MS, 180_000);
/// Of so many events, one is corrected.
const CORRECTED_OF: u64 = 24;
/// Of so many events, one is taken back by those who told it first.
const WITHDRAWN_OF: u64 = 45;

const BYLINES: [&str; 6] =
    ["Ines Calloway", "Rufus Temple", "Adaeze Bright", "Jonas Lindqvist", "Mei Tanaka-Ross", "Oskar Delacroix"];

/// One outlet's report.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// A place in [`OUTLETS`].
    pub outlet: usize,
    /// When it is in the feed, ms since the epoch.
    pub at: i64,
    pub item: Item,
}

/// Everything that is told of an event, in no order.
///
/// `price` is the asset's at the event, in USDT. Delays are `stretch` times as long as those of the outlets.
pub fn reports(event: &Event, price: f64, stretch: i64) -> Vec<Report> {
    let mut noise = event.noise.clone();
    let facts = Facts::draw(event.symbol, price, &mut noise);
    let tellers = tellers(event, &facts, &mut noise);
    let quickest = tellers.first().map_or(0, |teller| teller.delay_ms);
    let start = noise.below(64);
    let told = event.plot.told;
    let mut reports = Vec::new();
    for (teller, i) in tellers.iter().zip(0_u64..) {
        let Some((title, _)) = wording(told, start + i) else { continue };
        // Where there are more outlets than wordings, the leads differ still.
        let lead_turn = start + i + i / u64::try_from(told.len().max(1)).unwrap_or(1);
        let Some((_, lead)) = wording(told, lead_turn) else { continue };
        let at = event.at + (teller.delay_ms - quickest) * stretch;
        // Whoever is left without words of its own cites others.
        let shout = if i < u64::try_from(told.len()).unwrap_or(0) { "" } else { "Report: " };
        reports.push(teller.report(&facts, at, title, lead, shout, &mut noise));
    }
    let first: Vec<Report> = reports.clone();
    if noise.below(2) == 0 {
        let since = event.at + after(LATER_MS, &mut noise) * stretch;
        let count = 1 + usize::try_from(noise.below(3)).unwrap_or(0);
        for (teller, i) in tellers.iter().take(count).zip(start..) {
            let Some((title, lead)) = wording(event.plot.later, start) else { continue };
            let shout = match i % 3 {
                0 => "",
                1 => "Update: ",
                _ => "Report: ",
            };
            reports.push(teller.report(&facts, since + teller.delay_ms * stretch, title, lead, shout, &mut noise));
        }
    }
    if !event.is_column {
        reports.extend(mended(&first, &mut noise));
    }
    reports
}

/// Corrections and withdrawals of reports.
fn mended(reports: &[Report], noise: &mut Noise) -> Vec<Report> {
    let again = |report: &Report, at: i64, shout: &str, lead: String| {
        let outlet = OUTLETS.get(report.outlet)?;
        let title = format!("{shout}: {}", report.item.title);
        let date = if report.item.date == Date::None { Date::None } else { Date::At(at) };
        let (link, guid) = address(outlet, &title, at);
        let item = Item { title, description: lead, date, link, guid, ..report.item.clone() };
        Some(Report { outlet: report.outlet, at, item })
    };
    if noise.below(WITHDRAWN_OF) == 0 {
        let since = after(MENDED_MS, noise);
        let lead = |name: &str| {
            format!("{name} has withdrawn this report. The statement it relied on turned out to be fabricated.")
        };
        let name = |report: &Report| OUTLETS.get(report.outlet).map_or("", |outlet| outlet.name);
        let first = reports.iter().take(3);
        return first.filter_map(|r| again(r, r.at + since, "Retraction", lead(name(r)))).collect();
    }
    if noise.below(CORRECTED_OF) == 0 {
        let since = after(MENDED_MS, noise);
        let lead = "An earlier version of this report misstated one of the figures. The text has been corrected.";
        let last = reports.last().into_iter();
        return last.filter_map(|r| again(r, r.at + since, "Correction", lead.to_owned())).collect();
    }
    Vec::new()
}

fn after((least, more): (i64, u64), noise: &mut Noise) -> i64 {
    least + i64::try_from(noise.below(more)).unwrap_or(0)
}

fn wording(from: &'static [(&'static str, &'static str)], turn: u64) -> Option<(&'static str, &'static str)> {
    let count = u64::try_from(from.len()).ok()?;
    from.get(usize::try_from(turn.checked_rem(count)?).ok()?).copied()
}

struct Teller {
    place: usize,
    outlet: &'static Outlet,
    delay_ms: i64,
}

/// The outlets that tell the event, the quickest first.
fn tellers(event: &Event, facts: &Facts, noise: &mut Noise) -> Vec<Teller> {
    let willing = |outlet: &Outlet| {
        let is_concerned = outlet.agency.is_none_or(|agency| agency == facts.agency());
        if event.is_column { outlet.columns } else { is_concerned && outlet.covers(event.plot.topic) }
    };
    let mut left: Vec<(usize, &'static Outlet)> =
        OUTLETS.iter().enumerate().filter(|(_, outlet)| willing(outlet)).collect();
    let (least, most) = event.plot.reach;
    let count = least + noise.below(most - least + 1);
    let mut tellers = Vec::new();
    for _ in 0..count {
        let Some((place, outlet)) = choose(left.iter().copied(), noise) else { break };
        left.retain(|known| known.0 != place);
        let (soonest, latest) = outlet.delay_s;
        let delay_ms = i64::from(soonest) * SECOND_MS
            + i64::try_from(noise.below(u64::from(latest - soonest) * 1000)).unwrap_or(0);
        tellers.push(Teller { place, outlet, delay_ms });
    }
    tellers.sort_by_key(|teller| teller.delay_ms);
    tellers
}

impl Teller {
    fn report(&self, facts: &Facts, at: i64, title: &str, lead: &str, shout: &str, noise: &mut Noise) -> Report {
        let style = self.outlet.style;
        let mut title = facts.fill(title, style);
        if style == Style::Magazine {
            title = headline_case(&title);
        }
        let own_shout = match (style, noise.below(6)) {
            (Style::Trading, 0) => "JUST IN: ",
            (Style::Trading, 1) => "🚨 ",
            _ => "",
        };
        let title = if shout.is_empty() { format!("{own_shout}{title}") } else { format!("{shout}{title}") };
        let lead = facts.fill(lead, style);
        let byline = choose(BYLINES.iter(), noise).filter(|_| style != Style::Formal && noise.below(3) > 0);
        let dated = noise.below(8) >= self.outlet.undated;
        let (link, guid) = address(self.outlet, &title, at);
        let item = Item {
            guid,
            link,
            description: match self.outlet.format {
                Format::Rss2Cdata => format!("<p>{}</p>", lead.replace('&', "&amp;").replace('<', "&lt;")),
                _ => lead,
            },
            title,
            author: byline.map(|name| (*name).to_owned()),
            image: None,
            date: if dated { Date::At(at - at.rem_euclid(SECOND_MS)) } else { Date::None },
            raw: None,
        };
        Report { outlet: self.place, at, item }
    }
}

/// Link and identity of an item.
pub fn address(outlet: &Outlet, title: &str, at: i64) -> (String, String) {
    let number = key_of_text(at.cast_unsigned(), title) >> 32;
    let date = Timestamp::from_millisecond(at)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string())
        .unwrap_or_default();
    let page = format!("https://{}/{date}/{}-{number:08x}", outlet.host, slug(title));
    let guid = match outlet.format {
        Format::Atom => format!("tag:{},2026:{number:08x}", outlet.host),
        Format::Json => format!("{number:08x}"),
        _ => page.clone(),
    };
    let link = if outlet.tracking { format!("{page}?utm_source=rss&utm_medium=feed") } else { page };
    (link, guid)
}

/// The first words of a title as they stand in an address.
fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.take(8).map(str::to_ascii_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::{
        model::asset::default_symbols,
        server::simulator::news::events::{Events, SLOT_MS},
    };

    /// The slot of 2026-11-20T12:00:00Z
    const NOON: i64 = 1_795_176_000_000 / SLOT_MS;

    fn told(slots: i64) -> Vec<(Event, Vec<Report>)> {
        let events = Events::new(1, &default_symbols());
        (NOON..NOON + slots)
            .map(|slot| events.of(slot).expect("an event"))
            .map(|event| (event.clone(), reports(&event, 100.0, 1)))
            .collect()
    }

    #[test]
    fn one_event_is_told_in_different_words() {
        let mut by_reach = [0_usize; 9];
        for (event, reports) in told(600) {
            let first: Vec<&Report> = reports.iter().filter(|r| r.at < event.at + 260_000).collect();
            let outlets: HashSet<usize> = first.iter().map(|r| r.outlet).collect();
            let titles: HashSet<&str> = first.iter().map(|r| r.item.title.as_str()).collect();
            by_reach[outlets.len()] += 1;
            assert_eq!(titles.len(), first.len(), "{titles:?}");
            assert_eq!(reports.iter().map(|r| r.at).min(), Some(event.at));
        }
        assert_eq!(by_reach[0], 0);
        assert!(by_reach[1..].iter().all(|n| *n > 5), "{by_reach:?}");
    }

    #[test]
    fn some_is_added_mended_taken_back_and_undated() {
        let all: Vec<Report> = told(600).into_iter().flat_map(|(_, reports)| reports).collect();
        let starting = |word: &str| all.iter().filter(|r| r.item.title.starts_with(word)).count();
        for word in ["Update: ", "Correction: ", "Retraction: ", "JUST IN: "] {
            assert!(starting(word) > 3, "{word} {}", starting(word));
        }
        let undated = all.iter().filter(|r| r.item.date == Date::None).count();
        assert!(undated > 10 && undated < all.len() / 10, "{undated} of {}", all.len());
        let links: HashSet<&str> = all.iter().map(|r| r.item.link.as_str()).collect();
        assert_eq!(links.len(), all.len());
        assert!(all.iter().any(|r| r.item.link.ends_with("?utm_source=rss&utm_medium=feed")));
        assert!(all.iter().all(|r| r.item.link.starts_with("https://")));
    }

    #[test]
    fn columns_are_told_by_one_outlet_that_writes_them() {
        let columns: Vec<_> = told(300).into_iter().filter(|(event, _)| event.is_column).collect();
        assert!(columns.len() > 20);
        for (_, reports) in columns {
            assert_eq!(reports.len(), 1);
            assert!(OUTLETS[reports[0].outlet].columns);
        }
    }
}
