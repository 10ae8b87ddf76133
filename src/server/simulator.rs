//! The exchanges, played on this machine and reached over the same sockets as the real ones.
//!
//! It shares no code with the connectors: it is their opposite number, so a shared mistake must not cancel out.
