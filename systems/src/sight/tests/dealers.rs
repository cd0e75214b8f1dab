//! Dealers, their sector, and exposure by volume.

use super::{Place, assert_absent, assert_numbers, assert_word, stamp};
use crate::dealers::groups::{DealerGroups, WatchlistsConfig};
use components::dealers::{
    DayVolume, DealerFlow, DealerStandings, GroupExposure, MeasureStanding, Sector, VolumeBasis,
    Wings,
};
use components::exposure::{DeltaExposure, GammaExposure, VolumeExposure};
use components::market::Ticker;
use components::quality::Quality;
use components::units::Price;

#[test]
fn dealers_are_shown_with_how_unusual_they_are() {
    let flow = DealerFlow {
        gamma_shares: -300.0,
        vanna_shares: 100.0,
        charm_shares_per_day: 7.0,
        spot_dollars: 50.0,
        volatility_beta: -1.0,
        included: 12,
        elasticity: Some(-0.25),
        elasticity_quality: Quality::Ok,
        day_volume: Some(DayVolume {
            usd: 40_000.0,
            basis: VolumeBasis::EarlierSessions,
        }),
        wings: Some(Wings {
            expiry: 20_260_302,
            risk_reversal: -0.04,
            butterfly: None,
            stamp: stamp(Quality::Stale),
        }),
        stamp: stamp(Quality::Ok),
    };
    let of = |value, z: Option<f64>, quality| MeasureStanding {
        value,
        mean: value - 1.0,
        z,
        quality,
    };
    let standings = DealerStandings {
        of: [
            of(5.0, Some(1.5), Quality::Ok),
            of(6.0, None, Quality::IllConditioned),
            of(7.0, Some(4.5), Quality::Ok),
            of(8.0, Some(0.5), Quality::Ok),
        ],
        samples: 30,
        drifting: [false, false, true, false],
        stamp: stamp(Quality::Ok),
    };
    let sight = Place::new().with((flow, standings)).sight();
    assert_numbers(
        &sight,
        &[
            ("dealers", "dealer_rise_shares", "shares", -200.0),
            ("dealers", "dealer_rise_usd", "USD", -10_000.0),
            ("dealers", "dealer_gamma_shares", "shares", -300.0),
            ("dealers", "dealer_vanna_shares", "shares", 100.0),
            (
                "dealers",
                "dealer_charm_shares_per_day",
                "shares per day",
                7.0,
            ),
            ("dealers", "dealer_charm_usd_per_day", "USD per day", 350.0),
            ("dealers", "volatility_beta", "vol points per +1 %", -1.0),
            ("dealers", "dealer_flow_included", "contracts", 12.0),
            ("dealers", "dealer_elasticity", "of a day's volume", -0.25),
            ("dealers", "day_volume_usd", "USD", 40_000.0),
            ("dealers", "risk_reversal_25d", "per year", -0.04),
            ("standing", "gex_z", "standard deviations", 1.5),
            ("standing", "gex_mean", "USD of delta per 1 % move", 4.0),
            ("standing", "dex_mean", "USD", 5.0),
            ("standing", "vanna_z", "standard deviations", 4.5),
            ("standing", "vanna_mean", "USD of delta per vol point", 6.0),
            ("standing", "charm_mean", "USD of delta per day", 7.0),
        ],
    );
    assert_word(&sight, "dealers", "wings_expiry", "2026-03-02");
    assert_word(&sight, "standing", "vanna_is", "unusual");
    assert_word(&sight, "standing", "charm_is", "usual");
    // A stale surface says of its own that it is stale.
    assert_absent(&sight, &[("butterfly_25d", None)]);
    let wings = sight.fact("butterfly_25d").unwrap().validity.quality;
    assert_eq!(wings, wire::quality::Quality::Stale);
    assert_absent(&sight, &[("dex_z", Some("all samples are the same"))]);
    let basis = &sight.fact("day_volume_usd").unwrap().source;
    assert_eq!(basis, "volume of earlier sessions");

    let idle = DealerFlow {
        stamp: stamp(Quality::Ok),
        ..DealerFlow::default()
    };
    let sight = Place::new().with(idle).sight();
    let nothing = Some("nothing was traded yet");
    assert_absent(
        &sight,
        &[
            ("dealer_elasticity", nothing),
            ("day_volume_usd", nothing),
            ("wings_expiry", Some("no expiry has both wings")),
        ],
    );
    let empty = DealerFlow {
        stamp: stamp(Quality::NoData),
        ..DealerFlow::default()
    };
    let sight = Place::new().with(empty).sight();
    let why = Some("no contract within the horizon counts");
    assert_absent(&sight, &[("dealer_rise_usd", why)]);
    let sight = Place::new()
        .with((DealerFlow::default(), DealerStandings::default()))
        .sight();
    assert_absent(
        &sight,
        &[
            ("dealer_rise_usd", None),
            ("gex_z", None),
            ("gex_mean", None),
        ],
    );
}

#[test]
fn the_sector_is_shown_where_there_is_one() {
    let group = GroupExposure {
        gex_usd_per_pct: 3e6,
        dex_usd: 4e6,
        vanna_usd_per_point: 5e6,
        charm_usd_per_day: 6e6,
        rise_usd: 7e6,
        symbols: 4,
        known: 3,
        fresh: 3,
        stamp: stamp(Quality::Ok),
    };
    let fund = Sector::new("fund").unwrap();
    let groups = DealerGroups {
        sectors: vec![(fund.clone(), group)],
        ..DealerGroups::default()
    };
    let mut lists = WatchlistsConfig::default();
    let nowhere = Place::new().and(groups.clone()).and(lists.clone()).sight();
    assert_absent(&nowhere, &[("sector", Some("no watchlist names it"))]);
    assert!(nowhere.fact("sector_rise_usd").is_none());
    lists.sectors.insert(Ticker::new("SPY").unwrap(), fund);
    let sight = Place::new().and(groups).and(lists).sight();
    assert_word(&sight, "sector", "sector", "fund");
    assert_numbers(
        &sight,
        &[
            (
                "sector",
                "sector_gex_usd_per_pct",
                "USD of delta per 1 % move",
                3e6,
            ),
            ("sector", "sector_dex_usd", "USD", 4e6),
            (
                "sector",
                "sector_vanna_usd_per_point",
                "USD of delta per vol point",
                5e6,
            ),
            (
                "sector",
                "sector_charm_usd_per_day",
                "USD of delta per day",
                6e6,
            ),
            ("sector", "sector_rise_usd", "USD", 7e6),
        ],
    );
    let source = &sight.fact("sector_dex_usd").unwrap().source;
    assert_eq!(source, "sums over 3 of its 4 underlyings");
}

#[test]
fn exposure_by_volume_and_coverage_are_shown() {
    let volume = VolumeExposure {
        net_usd_per_pct: 1.0,
        call_usd_per_pct: 4.0,
        put_usd_per_pct: -3.0,
        call_wall: Some(Price(1_010_000)),
        put_wall: None,
        included: 9,
        stamp: stamp(Quality::Ok),
        ..VolumeExposure::default()
    };
    let gamma = GammaExposure {
        coverage: Some(0.75),
        stamp: stamp(Quality::Ok),
        ..GammaExposure::default()
    };
    let delta = DeltaExposure {
        stamp: stamp(Quality::Ok),
        ..DeltaExposure::default()
    };
    let sight = Place::new().with((volume, gamma, delta)).sight();
    let unit = "USD of delta per 1 % move";
    assert_numbers(
        &sight,
        &[
            ("volume", "net_gex_by_volume_usd_per_pct", unit, 1.0),
            ("volume", "call_gex_by_volume_usd_per_pct", unit, 4.0),
            ("volume", "put_gex_by_volume_usd_per_pct", unit, -3.0),
            ("volume", "call_wall_by_volume_usd", "USD", 101.0),
            ("volume", "included_by_volume", "contracts", 9.0),
            ("gamma", "gamma_coverage", "0 to 1", 0.75),
        ],
    );
    assert_absent(
        &sight,
        &[
            (
                "put_wall_by_volume_usd",
                Some("too few contracts that traded have gamma"),
            ),
            ("delta_coverage", Some("no contract could be valued")),
        ],
    );
    let sight = Place::new().with(VolumeExposure::default()).sight();
    assert_absent(&sight, &[("net_gex_by_volume_usd_per_pct", None)]);
}
