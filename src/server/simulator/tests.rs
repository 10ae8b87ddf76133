//! The exchanges as their clients see them.
