//! Logs: one line for each change of state, for people or as JSON.
