//! Patterns, lives and names of the keys.

use super::*;
use std::collections::BTreeSet;

fn matches(key: &str, pattern: &str, symbol: &str) -> bool {
    let (start, end) = pattern.split_once("{symbol}").unwrap();
    key.strip_prefix(start)
        .and_then(|rest| rest.strip_suffix(end))
        == Some(symbol)
}

#[test]
fn every_key_matches_the_pattern_of_its_own_row() {
    let expected = [
        "market:BRK.B:ticker",
        "market:BRK.B:last",
        "market:BRK.B:timestamp",
        "market:BRK.B:book",
        "analytics:BRK.B:vpin",
        "analytics:BRK.B:obi",
        "analytics:BRK.B:flow",
        "analytics:BRK.B:volatility",
        "analytics:BRK.B:regime",
        "analytics:BRK.B:closing",
        "options:BRK.B:gex",
        "options:BRK.B:dex",
        "analytics:BRK.B:dealer_flow",
        "options:BRK.B:gamma_profile",
        "options:BRK.B:gex_by_strike",
        "options:BRK.B:flow",
        "analytics:BRK.B:liquidity",
        "monitoring:data:BRK.B",
    ];
    let symbol = Symbol::new("BRK.B").unwrap();
    for (kind, expected) in SymbolKey::ALL.into_iter().zip(expected) {
        assert_eq!(kind.of(symbol), expected);
        assert!(matches(&kind.of(symbol), kind.doc().pattern, "BRK.B"));
    }
    let global = GlobalKey::ALL.map(GlobalKey::key);
    assert_eq!(
        global,
        [
            "mirror:epoch",
            "heartbeat:engine",
            "market:tickers",
            "account:summary",
            "positions:summary",
            "orders:working",
            "signals:summary",
            "analytics:portfolio",
            "metrics:execution",
            "discovered:vpin_bucket_size",
            "discovered:lookback_bars",
            "discovered:vol_regimes",
            "discovered:flow_toxicity",
            "discovered:correlation_matrix",
            "engine:status",
            "global:halt",
            "analytics:correlation",
            "analytics:stress",
            "analytics:risk",
            "analytics:macro",
            "events:engine",
        ]
    );
}

#[test]
fn a_key_outlives_three_refreshes() {
    for doc in schema() {
        assert!(doc.refresh_ms > 0, "{}", doc.pattern);
        assert!(
            doc.ttl_ms.is_none_or(|ttl| ttl >= 3 * doc.refresh_ms),
            "{}",
            doc.pattern
        );
    }
}

#[test]
fn no_name_stands_for_two_things_and_every_row_is_reached() {
    let mut names = BTreeSet::new();
    for doc in schema().iter().chain([&COMMANDS]) {
        assert!(!doc.description.is_empty());
        for name in doc.aliases.iter().chain([&doc.pattern]) {
            assert!(names.insert(name), "{name} stands twice");
        }
    }
    let reached: BTreeSet<_> = SymbolKey::ALL
        .map(|kind| kind.doc().pattern)
        .into_iter()
        .chain(GlobalKey::ALL.map(GlobalKey::key))
        .chain([sector_doc().pattern])
        .collect();
    assert_eq!(reached.len(), schema().len());
}
