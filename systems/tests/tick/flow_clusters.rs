//! Kinds of flow in the running engine: when there are any, and over days.

use crate::support::{Script, engine, of_underlying, run_until};
use crate::{price, quote};
use components::flow_clusters::FlowClusters;
use components::market::{Side, SymbolId};
use components::quality::Quality;
use engine::event::{Bar, EventKind};

fn trade(cents: i64, size: u32, aggressor: Side) -> EventKind {
    EventKind::Trade {
        symbol: SymbolId(0),
        price: price(cents as f64 / 100.0),
        size,
        conditions: 0,
        aggressor: Some(aggressor),
    }
}

/// A price that goes up for two minutes and down for two, large trades with it and small ones against.
fn day(seconds: i64) -> Vec<(i64, EventKind)> {
    let mut lines = Vec::new();
    for second in 0..seconds {
        let phase = second % 240;
        let up = phase < 120;
        let cents = 10_000 + if up { phase } else { 240 - phase };
        let at = 1_000 * second;
        lines.push((
            at + 10,
            quote((cents - 1) as f64 / 100.0, (cents + 1) as f64 / 100.0),
        ));
        let with = if up { Side::Buy } else { Side::Sell };
        lines.push((at + 300, trade(cents, 2_000, with)));
        lines.push((at + 301, trade(cents, 1_500, with)));
        lines.push((at + 900, trade(cents, 20, with.opposite())));
    }
    lines
}

#[test]
fn large_trades_with_the_move_are_momentum_and_small_ones_against_it_reversion() {
    let mut engine = engine(Script::new(&[], day(600)), &[]);
    run_until(&mut engine, 50_000);
    let found: FlowClusters = of_underlying(&engine);
    assert_eq!(
        (found.clusters, found.stamp.quality),
        (None, Quality::NoData)
    );
    // A minute without moves and 60 trades later.
    run_until(&mut engine, 75_000);
    let found: FlowClusters = of_underlying(&engine);
    assert_eq!(
        (found.clusters, found.stamp.quality),
        (None, Quality::Warmup)
    );
    assert!(0 < found.trades && found.trades < 60);
    run_until(&mut engine, 590_000);
    let found: FlowClusters = of_underlying(&engine);
    let [momentum, hedging, reversion] = found.clusters.unwrap();
    assert_eq!(found.trades, 300);
    // The two large sizes move alike: either may be called momentum.
    assert!(momentum.alignment >= hedging.alignment);
    assert!(hedging.alignment > reversion.alignment);
    assert!(momentum.size > 5.0 * reversion.size, "{found:?}");
    assert!(momentum.share > 0.3 && reversion.share < 0.1, "{found:?}");
    let sum = momentum.share + hedging.share + reversion.share;
    assert!((sum - 1.0).abs() < 1e-12);
    let silhouette = found.silhouette.unwrap();
    let expected = if silhouette < 0.15 {
        Quality::IllConditioned
    } else {
        Quality::Ok
    };
    assert_eq!(found.stamp.quality, expected);
    // No chain, no gamma: nothing is said of dealers.
    assert_eq!(found.hedging_goes_with, None);
    assert!((90..130).contains(&found.fits), "{}", found.fits);
}

#[test]
fn a_price_that_stands_still_has_no_kinds() {
    let mut lines = vec![(10, quote(99.99, 100.01))];
    for second in 0..300 {
        let side = if second % 3 == 0 {
            Side::Buy
        } else {
            Side::Sell
        };
        let size = 100 + u32::try_from(second).unwrap();
        lines.push((1_000 * second + 500, trade(10_000, size, side)));
    }
    let mut engine = engine(Script::new(&[], lines), &[]);
    run_until(&mut engine, 290_000);
    let found: FlowClusters = of_underlying(&engine);
    assert!(found.fits > 0 && found.trades > 200);
    assert_eq!(
        (found.clusters, found.stamp.quality),
        (None, Quality::IllConditioned)
    );
}

#[test]
fn bars_are_no_trades() {
    let bar = Bar {
        open: price(100.0),
        high: price(100.0),
        low: price(100.0),
        close: price(100.0),
        volume: 1_000,
        seconds: 60,
    };
    let symbol = SymbolId(0);
    let lines = (0..90).map(|second| (1_000 * second, EventKind::Bar { symbol, bar }));
    let mut engine = engine(Script::new(&[], lines.collect()), &[]);
    run_until(&mut engine, 90_000);
    let found: FlowClusters = of_underlying(&engine);
    assert_eq!(found, FlowClusters::default());
}
