//! The browser side: the one EventSource, backoff, visibility, preferences. Effects only; decisions live in [`crate::live`].
