//! The browser's monotonic clock.

/// Milliseconds since the page was opened. Unlike the time of day, it never jumps.
pub fn now_ms() -> u64 {
    let ms = web_sys::window().and_then(|w| w.performance()).map_or(0.0, |p| p.now());
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a page lives less than 2^53 ms; never negative"
    )]
    let whole = ms as u64;
    whole
}

/// A seed that differs from tab to tab.
pub fn seed() -> u64 {
    js_sys::Math::random().to_bits()
}
