//! What is not here.

use leptos::prelude::*;

use super::error::ErrorPage;
use crate::{live::store::LiveStore, ui::components::asset_mark::AssetMark};

/// No page has this address.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    view! {
        <ErrorPage
            status=404
            title="This page does not exist"
            detail="The address may be mistyped, or the page may have moved.".to_owned()
        />
    }
}

/// No asset has this name.
#[component]
pub fn UnknownAssetPage(name: String) -> impl IntoView {
    let mut detail = name;
    detail.insert_str(0, "There is no market for “");
    detail.push_str("” in USDT on this page. These are followed:");
    let store = LiveStore::expect();
    let known = store.site().assets.clone().into_iter().map(|info| {
        view! {
            <li>
                <a href=format!("/coin/{}", info.symbol)>
                    <AssetMark info=info.clone()/>
                    {info.symbol.to_string()}
                </a>
            </li>
        }
        .into_any()
    });
    view! {
        <ErrorPage
            status=404
            title="This asset is not followed here"
            detail
        >
            <ul class="known-assets">{known.collect_view()}</ul>
        </ErrorPage>
    }
}
