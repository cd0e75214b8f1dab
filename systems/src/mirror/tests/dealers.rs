//! What the batches show of dealers.

use super::{Fixture, ids};
use crate::dealers::drift::Drifts;
use crate::dealers::groups::DealerGroups;
use components::dealers::{DealerFlow, DealerMeasure, Drift, GroupExposure, Sector};
use components::exposure::{ExposureProfile, GammaExposure, GammaProfile, StrikeExposure};
use components::market::{SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::units::{Price, Timestamp};
use engine::directory::Directory;
use wire::event::Event;

#[test]
fn flows_and_groups_are_shown_when_they_change() {
    let mut fixture = Fixture::new(&["SPY", "QQQ"]);
    assert!(fixture.tick(1).portfolio.is_none());
    let stamp = Stamp::new(Timestamp(0), 1_000, Quality::Ok);
    let flow = DealerFlow {
        gamma_shares: -50.0,
        spot_dollars: 10.0,
        stamp,
        ..DealerFlow::default()
    };
    fixture.set(1, flow);
    let profile = GammaProfile {
        spot_dollars: vec![1.0, 2.0],
        gex_usd_per_pct: vec![3.0, 4.0],
        stamp,
    };
    fixture.set(0, profile);
    let known = GroupExposure {
        gex_usd_per_pct: 7.0,
        symbols: 2,
        known: 1,
        fresh: 1,
        stamp,
        ..GroupExposure::default()
    };
    let sector = |name: &str| Sector::new(name).unwrap();
    fixture.world.insert_resource(DealerGroups {
        portfolio: known,
        sectors: vec![
            (sector("energy"), GroupExposure::default()),
            (sector("fund"), known),
        ],
    });
    let batch = fixture.tick(2);
    assert_eq!(ids(batch.dealer_flows.rows()), [1]);
    assert_eq!(batch.dealer_flows.rows()[0].value.rise_usd, Some(-500.0));
    assert_eq!(ids(batch.gamma_profiles.rows()), [0]);
    assert_eq!(batch.portfolio.unwrap().gex_usd_per_pct, Some(7.0));
    // A sector without an underlying has nothing to show.
    let sectors = batch.sectors.unwrap();
    assert_eq!((sectors.len(), sectors[0].sector.as_str()), (1, "fund"));
    let same = fixture.tick(3);
    assert!(same.dealer_flows.rows().is_empty() && same.gamma_profiles.rows().is_empty());
    assert!(same.portfolio.is_none() && same.sectors.is_none());

    // Only the volume grew: the elasticity is news though the flow is not.
    let traded = DealerFlow {
        elasticity: Some(-0.01),
        ..flow
    };
    fixture.set(1, traded);
    let batch = fixture.tick(4);
    assert_eq!(batch.dealer_flows.rows()[0].value.elasticity, Some(-0.01));
}

#[test]
fn tables_by_strike_are_shown_every_few_seconds() {
    let mut fixture = Fixture::new(&["SPY"]);
    let tables = ExposureProfile {
        by_strike: vec![StrikeExposure {
            strike: Price(6_575_000),
            call_usd_per_pct: 5.0,
            put_usd_per_pct: -7.0,
        }],
        by_expiry: vec![(20_260_302, -2.0)],
    };
    fixture.set(0, tables);
    let mut shown = Vec::new();
    for second in 1..=10_i64 {
        let gamma = GammaExposure {
            stamp: Stamp::new(Timestamp(second * 1_000_000_000), 1_000, Quality::Ok),
            ..GammaExposure::default()
        };
        fixture.set(0, gamma);
        let batch = fixture.tick(second.unsigned_abs());
        assert_eq!(batch.gammas.rows().len(), 1);
        if let Some(row) = batch.gex_by_strikes.rows().first() {
            let (strike, gex) = row.value.by_strike.0[0];
            assert!((strike - 657.5).abs() < 1e-12 && (gex.net_usd_per_pct + 2.0).abs() < 1e-12);
            assert_eq!(row.value.by_expiry.0, [(20_260_302, -2.0)]);
            shown.push(second);
        }
    }
    assert_eq!(shown, [1, 5, 9]);
}

#[test]
fn a_drift_is_an_event() {
    let mut fixture = Fixture::new(&["SPY"]);
    let mut directory = Directory::default();
    let mut listings = engine::directory::Listings::default();
    listings.symbol(Ticker::new("SPY").unwrap());
    directory.number(&listings, Timestamp(0));
    fixture.world.insert_resource(directory);
    let drift = Drift {
        measure: DealerMeasure::Vanna,
        value: 5.0,
        z: -3.5,
        at: Timestamp(2_000_000),
    };
    let drifts = Drifts(vec![(SymbolId(0), drift)]);
    fixture.world.insert_resource(drifts);
    let events: Vec<Event> = fixture.tick(1).events.drain().collect();
    assert!(
        matches!(&events[..], [Event::ExposureDrift { symbol, measure, z, at_ms: 2, .. }]
            if symbol.as_str() == "SPY" && measure == "vanna" && *z < -3.0),
        "{events:?}"
    );
}
