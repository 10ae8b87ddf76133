//! The names of everything that is kept in Redis.

/// Keys and channels of one market.
#[derive(Debug)]
pub(super) struct Keys {
    /// The node that leads. Runs out by itself.
    pub(super) lease: String,
    /// The highest number that a leader was given.
    pub(super) fence: String,
    /// The nodes that are there.
    pub(super) nodes: String,
    /// Where the shared log starts and ends.
    pub(super) log: String,
    /// The editions of the news: a stream whose ids begin with that of the last entry of the log.
    pub(super) editions: String,
    /// What is remembered of every feed.
    pub(super) feeds: String,
    /// The newest ticker of every symbol.
    pub(super) latest: String,
    /// Its sparkline.
    pub(super) sparks: String,
    /// Symbols on demand that readers of followers want, by when nobody has said so for too long.
    pub(super) wanted: String,
    /// Who told these, and when.
    pub(super) beat: String,
    /// Channel of what the leader tells of prices.
    pub(super) prices: String,
    /// Named channels: since when they are known here, whether they may be written, and how far the stream of them goes.
    pub(super) channel_state: String,
    /// Of each named channel where its log started, where it ends, and when it was created.
    pub(super) channels: String,
    /// Those that were removed, by where their logs started.
    pub(super) removed: String,
    /// What was published, created and removed: a stream whose ids have no hole.
    pub(super) publications: String,
    /// The nodes that have given back what this Redis has forgotten of the channels.
    pub(super) met: String,
    /// Channel of calls to look: `news`, `vacant`, `wanted`, `channels`.
    pub(super) calls: String,
}

impl Keys {
    pub(super) fn new(prefix: &str) -> Self {
        let key = |name: &str| format!("{prefix}:{name}");
        Self {
            lease: key("lease"),
            fence: key("fence"),
            nodes: key("nodes"),
            log: key("log"),
            editions: key("editions"),
            feeds: key("feeds"),
            latest: key("latest"),
            sparks: key("sparks"),
            wanted: key("wanted"),
            beat: key("beat"),
            prices: key("prices"),
            channel_state: key("channel-state"),
            channels: key("channels"),
            removed: key("removed-channels"),
            publications: key("publications"),
            met: key("met"),
            calls: key("calls"),
        }
    }
}
