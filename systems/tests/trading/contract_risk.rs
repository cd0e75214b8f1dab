//! What a contract risks is held against the limits in the units of the config.

use crate::desk::Desk;
use crate::market::{CALL_100, spot};
use bevy_ecs::prelude::*;
use components::contract::{Contract, Instrument};
use components::greeks::{Carry, Sensitivity, Valuation, Volatility};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::feeds::Feeds;
use systems::chains::Chains;
use systems::ingest::Sources;

/// Of one contract: dollar delta, its change for a move of 1 %, dollars for a point of volatility,
/// and dollars that a day costs.
fn risks(desk: &Desk) -> [f64; 4] {
    let world: &World = desk.engine.world();
    let contract = Contract {
        underlying: crate::market::ticker(),
        terms: crate::market::terms(CALL_100),
    };
    let instrument = Instrument::Option(contract);
    let (chains, directory) = (world.resource::<Chains>(), world.resource::<Directory>());
    let row = world.entity(chains.entity_of(directory, &instrument).unwrap());
    let greeks = row.get::<Sensitivity>().unwrap();
    let spot = row.get::<Valuation>().unwrap().spot;
    assert!((spot - 100.0).abs() < 0.5, "{spot}");
    let shares = 100.0;
    [
        greeks.delta * spot * shares,
        greeks.gamma * spot * (spot / 100.0) * shares,
        row.get::<Volatility>().unwrap().vega / 100.0 * shares,
        -row.get::<Carry>().unwrap().theta / 365.0 * shares,
    ]
}

#[test]
fn each_limit_is_reached_at_what_the_contract_risks() {
    let found = risks(&Desk::ready(&[]));
    let names = ["delta", "gamma", "vega", "theta"];
    for (name, risk) in names.into_iter().zip(found) {
        assert!(risk > 0.0, "{name}");
        for (factor, bought) in [(1.0 + 1e-9, 1), (1.0 - 1e-9, 0)] {
            let cap = format!("{}", risk * factor);
            let paths = ["portfolio", "underlying"].map(|of| format!("limits.{of}.{name}_max_usd"));
            let flags = [
                (paths[0].as_str(), cap.as_str()),
                (paths[1].as_str(), cap.as_str()),
            ];
            let mut desk = Desk::ready(&flags);
            desk.buy(CALL_100, 80.0).ticks(2);
            assert_eq!(desk.submitted().len(), bought, "{name} {cap}");
            let refused = desk.blocked(&format!("risk_{name}"));
            assert_eq!(refused, 1 - bought as u64, "{name} {cap}");
        }
    }
}

#[test]
fn a_chain_that_is_stale_beside_a_living_underlying_buys_nothing() {
    let mut quiet = crate::market::script();
    quiet.silent_from_ms = 8_000;
    let mut desk = Desk::new(&[], quiet, None);
    desk.say(crate::market::connected()).ticks(24);
    for second in 0..10 {
        let wider = f64::from(second % 2) / 100.0;
        desk.event(spot(99.98 - wider, 100.02 + wider)).seconds(1);
    }
    let now = desk.engine.world().resource::<Tick>().now;
    let world = desk.engine.world_mut();
    let mut all = world.query::<&Sources>();
    let (spot, chain) = all
        .iter(world)
        .map(|of| (of.spot, of.chain))
        .next()
        .unwrap();
    let feeds = world.resource::<Feeds>();
    assert!(feeds.is_fresh(spot, now) && !feeds.is_fresh(chain, now));
    desk.buy(CALL_100, 80.0).ticks(2);
    assert_eq!(desk.blocked("risk_stale_data"), 1);
    assert!(desk.submitted().is_empty());
}
