//! Puts the house together. Knows every room; no room knows it.
