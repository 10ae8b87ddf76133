//! Which stories a list shows. A form that works without a script; with one, a choice is taken at once.

use leptos::{html, prelude::*};
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::icon::{Glyph, Icon};
use crate::{
    live::{news::filters, store::LiveStore},
    ui::{reactive::memo, story_query},
};

/// Longest text that can be looked for.
const MAX_WORDS: &str = "100";

/// Asset, source and category, as the address has them; with `words`, a search too. `action` is the page's own address.
#[component]
pub fn StoryFilter(action: &'static str, #[prop(optional)] words: bool) -> impl IntoView {
    let store = LiveStore::expect();
    let news = store.news();
    let params = use_query_map();
    let navigate = use_navigate();
    let choose = Callback::new(move |(name, value): (&'static str, String)| {
        let mut address = action.to_owned();
        address.push_str(&params.with_untracked(|params| story_query::with(params, name, value)));
        navigate(&address, NavigateOptions { replace: true, scroll: false, ..NavigateOptions::default() });
    });
    let options = |items: Vec<(String, String)>| items;
    let assets = store.site().assets.iter().map(|a| (a.symbol.to_string(), a.symbol.to_string())).collect();
    let sources = news.sources().iter().map(|s| (s.key.clone(), s.name.clone())).collect();
    // In order and once; sorting would be a part of the browser's build.
    let mut categories: Vec<String> = Vec::new();
    for source in news.sources() {
        let at = categories.partition_point(|category| *category < source.category);
        if categories.get(at) != Some(&source.category) {
            categories.insert(at, source.category.clone());
        }
    }
    let categories = categories.into_iter().map(|category| (category.clone(), category)).collect();
    let query = memo(move || params.with(story_query::read));
    let unfiltered = move || !query.with(filters);
    let field = NodeRef::<html::Input>::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        choose.run(("q", field.get_untracked().map(|field| field.value()).unwrap_or_default()));
    };
    let search = words.then(|| {
        view! {
            <label class="filter">
                <Icon glyph=Glyph::Search/>
                <span class="sr-only">"Words in titles and descriptions"</span>
                <input
                    node_ref=field
                    type="search"
                    name="q"
                    placeholder="Search the news"
                    autocomplete="off"
                    maxlength=MAX_WORDS
                    data-testid="news-search"
                    value=query.with_untracked(|query| query.q.clone().unwrap_or_default())
                    prop:value=move || query.with(|query| query.q.clone().unwrap_or_default())
                />
            </label>
        }
        .into_any()
    });
    view! {
        <form class="story-filter" method="get" action=action role="search" aria-label="Stories" on:submit=on_submit>
            {search}
            <Choice name="asset" label="Asset" all="Any asset" options=options(assets) choose/>
            <Choice name="source" label="Source" all="Any source" options=options(sources) choose/>
            <Choice name="category" label="Topic" all="Any topic" options=options(categories) choose/>
            <button type="submit" class=if words { "button" } else { "button without-script" }>
                {if words { "Search" } else { "Show" }}
            </button>
            <a href=action class="button quiet-button" class:hidden=unfiltered data-testid="clear-filter">"Clear"</a>
        </form>
    }
    .into_any()
}

/// One field of the filter.
#[component]
fn Choice(
    name: &'static str,
    label: &'static str,
    all: &'static str,
    /// Values and their names.
    options: Vec<(String, String)>,
    choose: Callback<(&'static str, String)>,
) -> impl IntoView {
    let params = use_query_map();
    let chosen = memo(move || params.with(|params| params.get_str(name).unwrap_or_default().to_owned()));
    let option = |(value, title): (String, String)| {
        let own = value.clone();
        view! { <option value=value selected=move || chosen.with(|chosen| *chosen == own)>{title}</option> }.into_any()
    };
    let everything = option((String::new(), all.to_owned()));
    view! {
        <label class="choose">
            <span class="sr-only">{label}</span>
            <select
                name=name
                data-testid=name
                class:is-chosen=move || !chosen.with(String::is_empty)
                prop:value=chosen
                on:change=move |event| choose.run((name, event_target_value(&event)))
            >
                {everything}
                {options.into_iter().map(option).collect_view()}
            </select>
        </label>
    }
    .into_any()
}
