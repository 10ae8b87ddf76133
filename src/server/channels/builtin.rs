//! The channels that are always there.

use crate::server::event::EventKind;

/// A channel with a name of its own, and events of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BuiltIn {
    Training,
    Backtest,
    Alerts,
    Dashboard,
}

impl BuiltIn {
    pub const ALL: [Self; 4] = [Self::Training, Self::Backtest, Self::Alerts, Self::Dashboard];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Backtest => "backtest",
            Self::Alerts => "alerts",
            Self::Dashboard => "dashboard",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.as_str() == name)
    }

    /// What is told on it.
    pub const fn kinds(self) -> &'static [EventKind] {
        match self {
            Self::Training => &[EventKind::TrainingProgress],
            Self::Backtest => &[EventKind::BacktestProgress],
            Self::Alerts => &[EventKind::RiskAlert, EventKind::PriceAlert, EventKind::NewsAlert, EventKind::FeedAlert],
            Self::Dashboard => &[EventKind::DashboardUpdate],
        }
    }

    /// Whether its events outlive the process. A dashboard wants what is now, and gets it again within a second.
    pub const fn is_kept(self) -> bool {
        !matches!(self, Self::Dashboard)
    }
}
