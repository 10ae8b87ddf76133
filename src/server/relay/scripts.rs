//! What Redis does in one go. Each script is at the side of this file.

use redis::Script;

/// The scripts, with their digests.
#[derive(Debug)]
pub(super) struct Scripts {
    pub(super) attend: Script,
    pub(super) release: Script,
    pub(super) tell: Script,
    pub(super) snapshot: Script,
    pub(super) append: Script,
    pub(super) restore: Script,
    pub(super) want: Script,
    pub(super) meet: Script,
    pub(super) follow: Script,
    pub(super) write: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            attend: Script::new(include_str!("scripts/attend.lua")),
            release: Script::new(include_str!("scripts/release.lua")),
            tell: Script::new(include_str!("scripts/tell.lua")),
            snapshot: Script::new(include_str!("scripts/snapshot.lua")),
            append: Script::new(include_str!("scripts/append.lua")),
            restore: Script::new(include_str!("scripts/restore.lua")),
            want: Script::new(include_str!("scripts/want.lua")),
            meet: Script::new(include_str!("scripts/meet.lua")),
            follow: Script::new(include_str!("scripts/follow.lua")),
            write: Script::new(include_str!("scripts/write.lua")),
        }
    }
}
