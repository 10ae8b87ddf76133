//! What a node among others knows of itself. Nothing is told where this server is the only one.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering},
};

use super::Sheet;
use crate::server::{relay::Role, services::Services};

pub(super) fn write(sheet: &mut Sheet<'_>, services: &Services) -> fmt::Result {
    let Some(node) = &services.node else { return Ok(()) };
    let role = node.report().role;
    let roles = Role::ALL.map(|each| ([("role", each.as_str())], u32::from(each == role)));
    sheet.gauges("node_role", "The part of this node among others: 1 for the one that it has.", None, roles)?;
    let connected = u32::from(node.is_connected());
    sheet.gauge("redis_connected", "1 while this node is connected to Redis.", None, Some(connected))?;
    let help = "Entries of the shared log that are not here yet.";
    sheet.gauge("log_lag", help, None, Some(node.log_lag()))?;

    let counters = node.counters();
    let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let help = "Connections to Redis that were made.";
    sheet.counter("redis_connections", help, None, Some(of(&counters.connections)))?;
    sheet.counter("node_takeovers", "How often this node began to lead.", None, Some(of(&counters.takeovers)))?;
    let help = "Writes that Redis refused because another node leads.";
    sheet.counter("node_writes_fenced", help, None, Some(of(&counters.fenced)))?;
    let tickers = [("told", &counters.tickers_told), ("heard", &counters.tickers_heard)];
    let tickers = tickers.map(|(way, counter)| ([("way", way)], of(counter)));
    sheet.counters("node_tickers", "Tickers that went to other nodes and that came from the leader.", None, tickers)?;
    let editions = [
        ("appended", &counters.editions_appended),
        ("taken", &counters.editions_taken),
        ("restored", &counters.editions_restored),
    ];
    let editions = editions.map(|(way, counter)| ([("way", way)], of(counter)));
    let help = "Editions of the news that went into the shared log, came out of it, and were given back to it.";
    sheet.counters("log_editions", help, None, editions)?;
    let publications = [
        ("shared", &counters.publications_shared),
        ("taken", &counters.publications_taken),
        ("restored", &counters.publications_restored),
        ("refused", &counters.publications_refused),
    ];
    let publications = publications.map(|(way, counter)| ([("way", way)], of(counter)));
    let help = "Publications on named channels: shared by this node, taken from all, given back to Redis, and refused.";
    sheet.counters("node_publications", help, None, publications)?;
    let help = "How often the log of a named channel at this node gave way to the shared one.";
    sheet.counter("channel_replacements", help, None, Some(of(&counters.channels_replaced)))?;
    let help = "What Redis held or another node told and was of no use.";
    sheet.counter("node_undecodable", help, None, Some(of(&counters.undecodable)))?;
    let help = "How often the log of this node gave way to the shared one.";
    sheet.counter("log_replacements", help, None, Some(of(&counters.logs_replaced)))?;
    let help = "Assets that readers of other nodes wanted and this one, leading, could not follow.";
    sheet.counter("node_wants_refused", help, None, Some(of(&counters.wants_refused)))
}
