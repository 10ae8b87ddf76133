//! What can happen in the invented news, and the words that several wires would have for it.
//!
//! Words in braces are filled in by [`super::facts`].

use super::outlets::Topic;

mod business;
mod columns;
mod markets;
mod regulation;
mod security;
mod technology;

/// A kind of event.
#[derive(Debug)]
pub struct Plot {
    pub topic: Topic,
    pub cast: Cast,
    /// How many outlets tell it: at least, at most.
    pub reach: (u64, u64),
    /// What it does to the price of its asset, in percent for one as lively as Bitcoin: at least, at most.
    pub shock: Option<(f64, f64)>,
    /// Titles and leads of the first reports. Each is a different way to say the same.
    pub told: &'static [(&'static str, &'static str)],
    /// Titles and leads of what is reported minutes later.
    pub later: &'static [(&'static str, &'static str)],
}

/// Which asset an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cast {
    Bitcoin,
    /// The three largest.
    Majors,
    /// Those with programs of their own.
    Chains,
    /// Anything but the three largest.
    Others,
    Any,
}

/// Plots that move a price.
pub fn moving() -> impl Iterator<Item = &'static Plot> + Clone {
    all().filter(|plot| plot.shock.is_some())
}

/// Plots that move none.
pub fn still() -> impl Iterator<Item = &'static Plot> + Clone {
    all().filter(|plot| plot.shock.is_none())
}

/// Columns, each told by one outlet.
pub fn columns() -> impl Iterator<Item = &'static Plot> + Clone {
    columns::PLOTS.iter()
}

/// Every plot but the columns.
pub fn all() -> impl Iterator<Item = &'static Plot> + Clone {
    [security::PLOTS, regulation::PLOTS, markets::PLOTS, business::PLOTS, technology::PLOTS].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn there_is_enough_to_tell_and_no_wording_is_told_twice() {
        assert!(all().count() + columns().count() >= 40, "{}", all().count() + columns().count());
        let mut titles = HashSet::new();
        for plot in all().chain(columns()) {
            let name = plot.told.first().expect("a wording").0;
            assert!((4..=7).contains(&plot.told.len()), "{name}: {}", plot.told.len());
            assert!(plot.reach.0 >= 1 && plot.reach.0 <= plot.reach.1 && plot.reach.1 <= 8, "{name}");
            for (title, lead) in plot.told.iter().chain(plot.later) {
                assert!(titles.insert(*title), "told twice: {title}");
                assert!(title.len() < 130 && (45..400).contains(&lead.len()), "{title}: {}", lead.len());
                assert!(lead.ends_with('.'), "{lead}");
            }
            if let Some((least, most)) = plot.shock {
                assert!(least.abs() <= 4.0 && most.abs() <= 4.0 && least.signum() * most.signum() > 0.0, "{name}");
            }
        }
        assert!(moving().count() >= 12 && still().count() >= 12, "{} {}", moving().count(), still().count());
        assert!(all().filter(|plot| !plot.later.is_empty()).count() >= 10);
    }
}
