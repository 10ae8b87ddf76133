//! What the browser allows this page to tell outside of itself.

/// Whether notifications may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Permission {
    /// The browser has not said yet: before the page runs.
    #[default]
    Unknown,
    /// The visitor was not asked.
    Unasked,
    Granted,
    Denied,
    /// This browser shows none, or none from a page like this.
    Unsupported,
}
