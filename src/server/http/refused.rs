//! Names that a client asks for in vain, by the reason, and what an error repeats of them.

use std::collections::BTreeMap;

use crate::server::follows::Unfollowed;

/// Names that an error repeats: twice as many as a reader may follow.
pub(super) const MAX_NAMED: usize = 200;
/// Longest name that an error repeats, in characters.
pub(super) const MAX_NAME: usize = 64;

/// Why a name is asked for in vain, in the order in which a client is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Nothing has this name.
    Unknown,
    /// Beyond what one client follows at a time.
    Beyond,
    /// Beyond what is followed on demand.
    Full,
    /// What the venues list is not known yet.
    NotKnownYet,
}

impl From<Unfollowed> for Reason {
    fn from(why: Unfollowed) -> Self {
        match why {
            Unfollowed::Unlisted => Self::Unknown,
            Unfollowed::NotKnownYet => Self::NotKnownYet,
            Unfollowed::Full | Unfollowed::ClientFull => Self::Full,
        }
    }
}

/// The names of one message that were asked for in vain.
#[derive(Debug, Default)]
pub(super) struct Refused(BTreeMap<Reason, Vec<String>>);

impl Refused {
    /// Begins with the names that nothing has.
    pub(super) fn unknown(names: Vec<String>) -> Self {
        let unknown = (!names.is_empty()).then_some((Reason::Unknown, names));
        Self(unknown.into_iter().collect())
    }

    pub(super) fn add(&mut self, why: impl Into<Reason>, name: String) {
        self.0.entry(why.into()).or_default().push(name);
    }

    /// Each reason that there was, with one name at least.
    pub(super) fn by_reason(self) -> impl Iterator<Item = (Reason, Vec<String>)> {
        self.0.into_iter()
    }
}

/// What an error repeats of these names: some of them, and of each the start.
pub(super) fn shortened(names: &[String]) -> Vec<String> {
    names.iter().take(MAX_NAMED).map(|name| name.chars().take(MAX_NAME).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_reasons() {
        assert_eq!(Refused::unknown(vec![]).by_reason().count(), 0);
        let mut refused = Refused::unknown(vec!["a".to_owned()]);
        for (why, name) in [(Unfollowed::NotKnownYet, "b"), (Unfollowed::ClientFull, "c"), (Unfollowed::Unlisted, "d")]
        {
            refused.add(why, name.to_owned());
        }
        refused.add(Reason::Beyond, "e".to_owned());
        refused.add(Unfollowed::Full, "f".to_owned());
        let told: Vec<_> = refused.by_reason().map(|(reason, names)| (reason, names.concat())).collect();
        let expected =
            [(Reason::Unknown, "ad"), (Reason::Beyond, "e"), (Reason::Full, "cf"), (Reason::NotKnownYet, "b")];
        assert_eq!(told, expected.map(|(reason, names)| (reason, names.to_owned())));
    }

    #[test]
    fn an_error_repeats_little() {
        assert_eq!(shortened(&vec!["é".repeat(10_000); 10_000]), vec!["é".repeat(MAX_NAME); MAX_NAMED]);
    }
}
