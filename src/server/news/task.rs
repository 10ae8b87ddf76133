//! Joins the rooms of the news: places, judges, stores, publishes.
