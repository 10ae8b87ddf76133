//! Numbers and times to text. Pure.
