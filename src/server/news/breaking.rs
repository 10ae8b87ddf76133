//! Decides whether a story is breaking, and why.
