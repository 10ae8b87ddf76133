//! Work once per animation frame.

use std::{cell::Cell, rc::Rc};

use wasm_bindgen::{JsCast, prelude::Closure};

/// Runs one callback in the next frame, however often it is asked for before.
///
/// A hidden tab has no frames: a request waits until the tab is seen again.
pub struct Frames {
    requested: Rc<Cell<bool>>,
    callback: Closure<dyn FnMut()>,
}

impl Frames {
    pub fn new(work: impl Fn() + 'static) -> Self {
        let requested = Rc::new(Cell::new(false));
        let asked = Rc::clone(&requested);
        let callback = Closure::<dyn FnMut()>::new(move || {
            asked.set(false);
            work();
        });
        Self { requested, callback }
    }

    /// Asks for the next frame.
    pub fn request(&self) {
        if self.requested.get() {
            return;
        }
        let frame = web_sys::window().map(|w| w.request_animation_frame(self.callback.as_ref().unchecked_ref()));
        // Refused: the next request asks again.
        self.requested.set(matches!(frame, Some(Ok(_))));
    }
}
