//! The order in which independent feeds are asked must not matter, and the canonical sort is why.

use crate::bench::{Asked, Says, Told, quote, run};
use components::market::Ticker;
use engine::digest::Digest;
use std::collections::BTreeSet;

const TICKS: u64 = 40;

/// A feed that quotes the one symbol in every tick, at the same instant as its neighbour.
fn feed(name: &'static str, bid_usd: f64, asked: &Asked) -> Told {
    let says = |tick| Says {
        tick,
        kind: quote(bid_usd + 0.01 * tick as f64),
    };
    Told {
        name,
        symbol: Ticker::new("AAA").unwrap(),
        contracts: Vec::new(),
        says: (1..=TICKS).map(says).collect(),
        asked: asked.clone(),
    }
}

/// The digest of a run, and the first halves of the pairs in which the feeds were asked.
fn digest(names: [&'static str; 2], shuffle: Option<u64>) -> (u64, BTreeSet<&'static str>) {
    let asked = Asked::default();
    let price = |name| if name == "left" { 100.0 } else { 101.0 };
    let feeds = names.map(|name| feed(name, price(name), &asked));
    let engine = run(feeds.into(), shuffle, TICKS);
    let digest = engine.world().resource::<Digest>().run();
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len() as u64, 2 * TICKS);
    (digest, asked.iter().step_by(2).copied().collect())
}

#[test]
fn feeds_with_equal_stamps_come_out_the_same_in_whatever_order_they_are_asked() {
    let (plain, first) = digest(["left", "right"], None);
    assert_eq!(first, BTreeSet::from(["left"]));
    for seed in 1..=8 {
        let (shuffled, first) = digest(["left", "right"], Some(seed));
        // Both orders did occur, so that without the sort the last quote would be another.
        assert_eq!(first, BTreeSet::from(["left", "right"]), "seed {seed}");
        assert_eq!(shuffled, plain, "seed {seed}");
    }
}

#[test]
fn at_equal_stamps_it_does_matter_which_feed_comes_last() {
    // What the sort protects from: the same quotes with the feeds numbered the other way round.
    let (plain, _) = digest(["left", "right"], None);
    let (other, _) = digest(["right", "left"], None);
    assert_ne!(plain, other);
}
