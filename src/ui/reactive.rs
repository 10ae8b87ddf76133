//! Derived values and effects that share their code: one instance for each type of value, not for each closure. That
//! keeps the browser's build small.

use leptos::prelude::*;

/// [`Memo::new`] for a value that needs no earlier one.
pub fn memo<T: PartialEq + Send + Sync + 'static>(read: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    memo_of(Box::new(read))
}

/// [`Effect::new`] for work that needs nothing of its last run.
pub fn effect(work: impl Fn() + 'static) {
    effect_of(Box::new(work));
}

/// [`Signal::derive`] for text.
pub fn derived(read: impl Fn() -> String + Send + Sync + 'static) -> Signal<String> {
    derived_of(Box::new(read))
}

#[inline(never)]
fn memo_of<T: PartialEq + Send + Sync + 'static>(read: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
    Memo::new(move |_| read())
}

#[inline(never)]
fn effect_of(work: Box<dyn Fn()>) {
    Effect::new(move |_| work());
}

#[inline(never)]
fn derived_of(read: Box<dyn Fn() -> String + Send + Sync>) -> Signal<String> {
    Signal::derive(read)
}
