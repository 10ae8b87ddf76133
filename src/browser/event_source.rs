//! One connection to `GET /api/realtime`.
//!
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html#the-eventsource-interface>

use wasm_bindgen::{JsCast, JsValue, prelude::Closure};
use web_sys::{EventSource, MessageEvent};

/// What a stream says.
pub enum StreamEvent {
    Opened,
    /// The text of one message, and the id of the last one that had any; empty before the first.
    Message {
        text: String,
        id: String,
    },
    /// The end. The browser would try again by itself after a network error but not after a refusal; the session
    /// has one rule for both, so a stream that failed once is over.
    Failed,
}

/// An open stream. Dropping it closes the connection and frees its callbacks.
pub struct Stream {
    source: EventSource,
    _on_open: Closure<dyn FnMut()>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut()>,
}

impl Stream {
    /// Opens a stream that tells `listener` what happens.
    ///
    /// # Errors
    /// Where the browser can't read the address.
    pub fn open(address: &str, listener: impl Fn(StreamEvent) + Clone + 'static) -> Result<Self, JsValue> {
        let source = EventSource::new(address)?;
        let (opened, heard, failed) = (listener.clone(), listener.clone(), listener);
        let on_open = Closure::<dyn FnMut()>::new(move || opened(StreamEvent::Opened));
        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            // Data of a message is always text; an empty one is reported as malformed.
            let text = event.data().as_string().unwrap_or_default();
            heard(StreamEvent::Message { text, id: event.last_event_id() });
        });
        let on_error = Closure::<dyn FnMut()>::new(move || failed(StreamEvent::Failed));
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        Ok(Self { source, _on_open: on_open, _on_message: on_message, _on_error: on_error })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onmessage(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}
