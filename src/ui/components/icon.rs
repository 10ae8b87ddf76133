//! Line icons, 20 by 20.

use leptos::prelude::*;

/// Which icon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Pause,
    Play,
    /// Two sliders: choose.
    Choose,
    /// A half-filled disc.
    Theme,
    Search,
    Question,
    Close,
    Bell,
}

impl Glyph {
    const fn path(self) -> &'static str {
        match self {
            Self::Pause => "M7.5 5.5v9M12.5 5.5v9",
            Self::Play => "M7 5l8 5-8 5z",
            Self::Choose => "M4 7h6m4 0h2M4 13h2m4 0h6M12 5.2v3.6M8 11.2v3.6",
            Self::Theme => "M10 3.5a6.5 6.5 0 1 0 0 13zM10 3.5a6.5 6.5 0 0 1 0 13",
            Self::Search => "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zm3.6 8.6L16 16",
            Self::Question => "M7.8 7.8a2.2 2.2 0 1 1 3.3 2c-.7.4-1.1.8-1.1 1.6M10 13.9v.1",
            Self::Close => "M5.5 5.5l9 9M14.5 5.5l-9 9",
            Self::Bell => "M5 13.5h10l-1.3-1.8V9a3.7 3.7 0 0 0-7.4 0v2.7zM8.6 15.8a1.5 1.5 0 0 0 2.8 0",
        }
    }
}

/// An icon in the color of the text. Its button or label carries the words.
#[component]
pub fn Icon(glyph: Glyph) -> impl IntoView {
    let half =
        (glyph == Glyph::Theme).then(|| view! { <path class="icon-fill" d="M10 3.5a6.5 6.5 0 0 1 0 13z"/> }.into_any());
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d=glyph.path()/>
            {half}
        </svg>
    }
}
