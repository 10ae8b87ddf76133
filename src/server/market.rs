//! One market: a task owns the state, readers take cheap snapshots, aggregation and freshness are pure functions.
