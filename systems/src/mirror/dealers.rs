//! Dealers as they leave: flows, standings, profiles, groups.

use super::Outgoing;
use super::convert::{millis, quality, validity};
use crate::dealers::groups::DealerGroups;
use bevy_ecs::prelude::*;
use components::dealers::{self as found, DealerMeasure, DealerStandings, GroupExposure};
use components::exposure;
use components::quality::{Quality, Stamp};
use wire::analytics::{SignModel, Source};
use wire::dealers::{DealerFlow, GammaProfile, Group, SectorGroup, Standing, VolumeBasis};
use wire::strikes::{Expiries, GexByStrike, StrikeGex, Strikes};

/// What dealers must trade, and where their exposures stand.
#[must_use]
pub fn dealer_flow(flow: &found::DealerFlow, standings: &DealerStandings) -> DealerFlow {
    let known = |value: f64| is_known(&flow.stamp).then_some(value);
    DealerFlow {
        rise_shares: known(flow.rise_shares()),
        rise_usd: known(flow.rise_usd()),
        fall_shares: known(flow.fall_shares()),
        fall_usd: known(flow.fall_usd()),
        gamma_shares: known(flow.gamma_shares),
        vanna_shares: known(flow.vanna_shares),
        charm_shares_per_day: known(flow.charm_shares_per_day),
        charm_usd_per_day: known(flow.charm_usd_per_day()),
        volatility_beta: flow.volatility_beta,
        included: flow.included,
        elasticity: flow.elasticity,
        elasticity_quality: quality(flow.elasticity_quality),
        day_volume_usd: flow.day_volume.map(|volume| volume.usd),
        day_volume_basis: flow.day_volume.map(|volume| match volume.basis {
            found::VolumeBasis::EarlierSessions => VolumeBasis::EarlierSessions,
            found::VolumeBasis::SessionSoFar => VolumeBasis::SessionSoFar,
        }),
        wings_expiry: flow.wings.map(|wings| wings.expiry),
        risk_reversal_25d: flow.wings.map(|wings| wings.risk_reversal),
        butterfly_25d: flow.wings.and_then(|wings| wings.butterfly),
        wings_at_ms: flow.wings.and_then(|wings| millis(wings.stamp.computed_at)),
        gex: standing(standings, DealerMeasure::Gamma),
        dex: standing(standings, DealerMeasure::Delta),
        vanna: standing(standings, DealerMeasure::Vanna),
        charm: standing(standings, DealerMeasure::Charm),
        samples: standings.samples,
        sampled_at_ms: millis(standings.stamp.computed_at),
        sign_model: SignModel::LongCallsShortPuts,
        source: Source::ModelGreeks,
        validity: validity(&flow.stamp),
    }
}

fn standing(standings: &DealerStandings, measure: DealerMeasure) -> Standing {
    let place = measure as usize;
    let one = standings.of[place];
    Standing {
        value: (one.quality != Quality::NoData).then_some(one.value),
        z: one.z,
        quality: quality(one.quality),
        drifts: standings.drifting[place],
    }
}

/// Dealer gamma over a range of spots.
#[must_use]
pub fn gamma_profile(profile: &exposure::GammaProfile) -> GammaProfile {
    let spots = &profile.spot_dollars;
    let ends = spots.first().zip(spots.last());
    let steps = spots.len().saturating_sub(1);
    let mut shown = GammaProfile {
        from_usd: spots.first().copied(),
        step_usd: ends
            .filter(|_| steps > 0)
            .map(|(first, last)| (last - first) / steps as f64),
        validity: validity(&profile.stamp),
        ..GammaProfile::default()
    };
    for gex in &profile.gex_usd_per_pct {
        shown.gex_usd_per_pct.push(*gex);
    }
    shown
}

/// Gamma exposure of every strike and expiry, as good as their sum.
#[must_use]
pub fn gex_by_strike(
    profile: &exposure::ExposureProfile,
    gamma: &exposure::GammaExposure,
) -> GexByStrike {
    let strikes = profile.by_strike.iter().map(|at| {
        let gex = StrikeGex {
            call_usd_per_pct: at.call_usd_per_pct,
            put_usd_per_pct: at.put_usd_per_pct,
            net_usd_per_pct: at.net_usd_per_pct(),
        };
        (at.strike.dollars(), gex)
    });
    GexByStrike {
        by_strike: Strikes(strikes.collect()),
        by_expiry: Expiries(profile.by_expiry.clone()),
        sign_model: SignModel::LongCallsShortPuts,
        validity: validity(&gamma.stamp),
    }
}

/// Exposures of several underlyings together.
#[must_use]
pub fn group(group: &GroupExposure) -> Group {
    let known = |value: f64| is_known(&group.stamp).then_some(value);
    Group {
        gex_usd_per_pct: known(group.gex_usd_per_pct),
        dex_usd: known(group.dex_usd),
        vanna_usd_per_point: known(group.vanna_usd_per_point),
        charm_usd_per_day: known(group.charm_usd_per_day),
        rise_usd: known(group.rise_usd),
        symbols: group.symbols,
        known: group.known,
        fresh: group.fresh,
        sign_model: SignModel::LongCallsShortPuts,
        validity: validity(&group.stamp),
    }
}

/// What the batches so far showed of the groups.
#[derive(Resource, Default)]
pub struct ShownGroups(Stamp);

/// Puts the groups into the batch when they were summed anew: those with an underlying that is listed.
pub fn show_groups(
    mut outgoing: ResMut<Outgoing>,
    mut shown: ResMut<ShownGroups>,
    groups: Option<Res<DealerGroups>>,
) {
    let Some(groups) = groups else { return };
    if shown.0 == groups.portfolio.stamp {
        return;
    }
    shown.0 = groups.portfolio.stamp;
    outgoing.0.portfolio = Some(group(&groups.portfolio));
    let listed = groups.sectors.iter().filter(|(_, one)| one.symbols > 0);
    let sectors = listed.map(|(name, one)| SectorGroup {
        sector: name.as_str().to_owned(),
        group: group(one),
    });
    outgoing.0.sectors = Some(sectors.collect());
}

/// Whether the numbers under a stamp were computed: a sum over nothing is 0, which is not a value.
fn is_known(stamp: &Stamp) -> bool {
    matches!(stamp.quality, Quality::Ok | Quality::Stale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::units::Timestamp;

    #[test]
    fn what_was_never_computed_is_absent_and_says_why() {
        let none = dealer_flow(&found::DealerFlow::default(), &DealerStandings::default());
        assert_eq!(
            (none.rise_usd, none.elasticity, none.gex.value),
            (None, None, None)
        );
        assert_eq!(none.vanna.quality, wire::quality::Quality::NoData);
        assert_eq!(none.validity.computed_at_ms, None);
        let none = gamma_profile(&exposure::GammaProfile::default());
        assert_eq!((none.from_usd, none.step_usd), (None, None));
        assert!(none.gex_usd_per_pct.as_slice().is_empty());
        assert_eq!(group(&GroupExposure::default()).gex_usd_per_pct, None);
    }

    #[test]
    fn what_is_stale_is_kept_and_said_so() {
        let stamp = Stamp::new(Timestamp(5_000_000), 1_000, Quality::Stale);
        let flow = found::DealerFlow {
            gamma_shares: -20.0,
            vanna_shares: 5.0,
            spot_dollars: 10.0,
            stamp,
            ..found::DealerFlow::default()
        };
        let mut standings = DealerStandings::default();
        standings.of[2] = found::MeasureStanding {
            value: 7.0,
            mean: 6.0,
            z: Some(3.5),
            quality: Quality::Ok,
        };
        standings.drifting[2] = true;
        let shown = dealer_flow(&flow, &standings);
        assert_eq!(
            (shown.rise_shares, shown.fall_usd),
            (Some(-15.0), Some(150.0))
        );
        assert_eq!(shown.validity.quality, wire::quality::Quality::Stale);
        assert_eq!((shown.vanna.z, shown.vanna.drifts), (Some(3.5), true));
        assert!(!shown.charm.drifts);
    }

    #[test]
    fn a_profile_leaves_as_its_first_spot_and_its_step() {
        let profile = exposure::GammaProfile {
            spot_dollars: vec![90.0, 95.0, 100.0, 105.0, 110.0],
            gex_usd_per_pct: vec![-2.0, -1.0, 0.5, 1.0, 2.0],
            stamp: Stamp::default(),
        };
        let shown = gamma_profile(&profile);
        assert_eq!((shown.from_usd, shown.step_usd), (Some(90.0), Some(5.0)));
        assert_eq!(shown.gex_usd_per_pct.as_slice(), profile.gex_usd_per_pct);
    }
}
