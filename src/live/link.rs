//! The page's own connection to the server.

/// State of the page's connection, as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Link {
    /// Before the first message: the figures are those of the first HTML.
    #[default]
    Connecting,
    /// The stream delivers.
    Live,
    /// The stream is away; the next try is in so many seconds (0: right now).
    Reconnecting { in_s: u32 },
    /// The stream is away; figures come from asking every few seconds.
    Polling,
    /// Closed on purpose while nobody looks at the page.
    Paused,
}

impl Link {
    /// Whether the page lost its figures: it had them, or could have, and now nothing comes. Before the first message
    /// the figures of the first HTML stand.
    pub const fn cuts_off(self) -> bool {
        !self.delivers() && !matches!(self, Self::Connecting)
    }

    /// Whether figures reach the page at the moment. While they don't, nothing may be shown as live.
    pub const fn delivers(self) -> bool {
        matches!(self, Self::Live | Self::Polling)
    }
}
