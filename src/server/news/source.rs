//! Where news comes from.

/// One feed that is followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Unique among the feeds: `coindesk`.
    pub key: String,
    pub name: String,
    pub category: String,
    /// 1 is the best: wires and papers of record that check before they print; 3 is the least.
    pub tier: u8,
    /// How far it is believed, 0 to 1.
    pub trust: f64,
    pub url: String,
}
