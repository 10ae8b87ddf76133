//! Where data is kept.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use tempfile::TempDir;

use super::StartError;

/// A folder for data. A temporary one is gone when this is dropped.
#[derive(Debug)]
pub(super) enum DataDir {
    Lasting(PathBuf),
    Temporary(TempDir),
}

impl DataDir {
    /// The folder that is `named`; otherwise a temporary one for a demo, and the platform's own place for anything else:
    /// `~/.local/share/market-pulse` on Linux.
    ///
    /// # Errors
    /// Where there is no place for one.
    pub(super) fn choose(named: Option<&Path>, demo: bool) -> Result<Self, StartError> {
        if let Some(named) = named {
            return Ok(Self::Lasting(named.to_owned()));
        }
        if demo {
            let folder = tempfile::Builder::new().prefix("market-pulse-demo-").tempdir();
            let in_vain = |error| StartError::DataDir { path: std::env::temp_dir(), error };
            return Ok(Self::Temporary(folder.map_err(in_vain)?));
        }
        let place = ProjectDirs::from("", "", "market-pulse").map(|dirs| dirs.data_dir().to_owned());
        let homeless = "this user has no home folder: name a data folder with --data-dir";
        Ok(Self::Lasting(place.ok_or_else(|| StartError::Setup(homeless.to_owned()))?))
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Lasting(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_folder_wins_over_everything() {
        for demo in [false, true] {
            let chosen = DataDir::choose(Some(Path::new("/srv/pulse")), demo).expect("a folder");
            assert_eq!(chosen.path(), Path::new("/srv/pulse"));
        }
    }

    #[test]
    fn a_demo_leaves_nothing_behind() {
        let chosen = DataDir::choose(None, true).expect("a folder");
        let path = chosen.path().to_owned();
        assert!(path.is_dir());
        drop(chosen);
        assert!(!path.exists());
    }
}
