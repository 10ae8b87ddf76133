//! How prices moved after the first report of a story.
