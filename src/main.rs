//! The command line: `serve`, `simulate`, `check-config`. Nothing else.

fn main() {}
