//! One component a file.

pub mod arithmetic;
pub mod asset_mark;
pub mod candle_chart;
pub mod change_badge;
pub mod each_symbol;
pub mod footer;
pub mod freshness_dot;
pub mod header;
pub mod icon;
pub mod link_status;
pub mod market_pulse_ticker;
pub mod market_table;
pub mod movers;
pub mod price;
pub mod range_bar;
pub mod segments;
pub mod simulated_badge;
pub mod sparkline;
pub mod strip_chooser;
pub mod theme_switch;
pub mod venue_breakdown;
pub mod venue_marks;
pub mod venue_overview;
pub mod venue_status;
