//! The exchanges: what they say (connectors), how a connection to them lives (supervisor), and what is told of it (board).

pub mod event;
