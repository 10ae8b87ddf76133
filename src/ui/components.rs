//! One component a file.
