//! The way to `public/chart.js`: a custom element that draws what its properties hold.
//!
//! Properties may be set before the script has come; the element picks them up then. So nothing here waits.

use leptos::{
    prelude::document,
    wasm_bindgen::JsValue,
    web_sys::{
        Element,
        js_sys::{Array, Reflect},
    },
};

use crate::model::{candle::Candle, time::UnixMs};

const ELEMENT: &str = "market-chart";
const SCRIPT_ID: &str = "market-chart-script";

/// The document refused an element or a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the chart's element can't be made")]
pub struct ChartUnavailable;

/// Shows these candles in `host`. `attempt` above 0 fetches the script anew.
pub fn show(host: &Element, candles: &[Candle], decimals: usize, attempt: u32) -> Result<(), ChartUnavailable> {
    let element = element(host)?;
    request_script(attempt)?;
    let decimals = u32::try_from(decimals).unwrap_or(2);
    set(&element, "decimals", &JsValue::from(decimals))?;
    set(&element, "candles", &candles.iter().map(row).collect::<Array>())
}

/// Changes the last candle, or adds one.
pub fn update(host: &Element, candle: &Candle) -> Result<(), ChartUnavailable> {
    set(&element(host)?, "candle", &row(candle))
}

/// One story on the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryMark {
    /// When it was first reported.
    pub at: UnixMs,
    pub breaking: bool,
    pub title: String,
}

/// Shows these stories at their candles, in place of others.
pub fn mark(host: &Element, marks: &[StoryMark]) -> Result<(), ChartUnavailable> {
    let row = |mark: &StoryMark| {
        let title = JsValue::from_str(&mark.title);
        [JsValue::from(seconds(mark.at)), JsValue::from(mark.breaking), title].into_iter().collect::<Array>()
    };
    set(&element(host)?, "marks", &marks.iter().map(row).collect::<Array>())
}

/// The element in `host`, made when it is first asked for.
fn element(host: &Element) -> Result<Element, ChartUnavailable> {
    if let Some(element) = host.first_element_child() {
        return Ok(element);
    }
    let element = document().create_element(ELEMENT).map_err(|_| ChartUnavailable)?;
    host.append_child(&element).map_err(|_| ChartUnavailable)?;
    Ok(element)
}

/// Puts the script into the document once, or once more for a retry.
fn request_script(attempt: u32) -> Result<(), ChartUnavailable> {
    let address = if attempt == 0 { "/chart.js".to_owned() } else { format!("/chart.js?attempt={attempt}") };
    if let Some(earlier) = document().get_element_by_id(SCRIPT_ID) {
        if attempt == 0 || earlier.get_attribute("src").as_deref() == Some(&address) {
            return Ok(());
        }
        earlier.remove();
    }
    let script = document().create_element("script").map_err(|_| ChartUnavailable)?;
    for (name, value) in [("id", SCRIPT_ID), ("type", "module"), ("src", &address)] {
        script.set_attribute(name, value).map_err(|_| ChartUnavailable)?;
    }
    let head = document().head().ok_or(ChartUnavailable)?;
    head.append_child(&script).map_err(|_| ChartUnavailable)?;
    Ok(())
}

/// `[seconds, open, high, low, close, volume]`
fn row(candle: &Candle) -> Array {
    let Candle { open_time, open, high, low, close, volume } = *candle;
    [seconds(open_time), open, high, low, close, volume].into_iter().map(JsValue::from).collect()
}

#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
const fn seconds(at: UnixMs) -> f64 {
    (at.0 / 1000) as f64
}

fn set(element: &Element, name: &str, value: &JsValue) -> Result<(), ChartUnavailable> {
    match Reflect::set(element, &JsValue::from_str(name), value) {
        Ok(true) => Ok(()),
        _ => Err(ChartUnavailable),
    }
}
