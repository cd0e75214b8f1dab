//! Exposures and levels, by open interest and by what was traded today.

use super::{Facts, Seen};
use crate::mirror::convert::is_known;
use components::exposure::{
    DeltaExposure, ExposureLevels, GammaExposure, VolumeExposure, ZeroGamma,
};
use components::units::Price;

const SOURCE: &str = "model Greeks and open interest, calls + puts -";
const BY_VOLUME: &str = "model Greeks and the day's volume, calls + puts -";
pub(super) const PER_PCT: &str = "USD of delta per 1 % move";
pub(super) const PER_POINT: &str = "USD of delta per vol point";

const NO_VALUE: &str = "no contract could be valued";

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    if let Some(gamma) = seen.get::<GammaExposure>() {
        let known = |value: f64| is_known(&gamma.stamp).then_some(value);
        facts.begin("gamma", SOURCE, gamma.stamp);
        facts.number("net_gex_usd_per_pct", PER_PCT, known(gamma.net_usd_per_pct));
        facts.number(
            "call_gex_usd_per_pct",
            PER_PCT,
            known(gamma.call_usd_per_pct),
        );
        facts.number("put_gex_usd_per_pct", PER_PCT, known(gamma.put_usd_per_pct));
        let first = known(gamma.first_expiry_usd_per_pct);
        facts.number("first_expiry_gex_usd_per_pct", PER_PCT, first);
        facts.number("included", "contracts", known(f64::from(gamma.included)));
        facts.number("contracts", "contracts", known(f64::from(gamma.contracts)));
        facts.number("gamma_coverage", "0 to 1", gamma.coverage);
        facts.because(NO_VALUE);
    }
    if let Some(levels) = seen.get::<ExposureLevels>() {
        facts.begin("levels", SOURCE, levels.stamp);
        for (name, level) in [
            ("call_wall_usd", levels.call_wall),
            ("put_wall_usd", levels.put_wall),
            ("max_abs_gamma_strike_usd", levels.max_abs_gamma_strike),
        ] {
            facts.number(name, "USD", level.map(Price::dollars));
            facts.because("too few contracts have gamma");
        }
    }
    if let Some(zero) = seen.get::<ZeroGamma>() {
        let level = zero.nearest_dollars;
        let away = level
            .zip(seen.spot())
            .map(|(level, spot)| level / spot - 1.0);
        facts.begin("levels", "the chain re-priced over 81 spots", zero.stamp);
        facts.number("zero_gamma_usd", "USD", level);
        facts.because("gamma has one sign within 20 %");
        facts.number("zero_gamma_distance", "of spot", away);
        facts.because("gamma has one sign within 20 %");
        let roots = is_known(&zero.stamp).then_some(f64::from(zero.roots));
        facts.number("zero_gamma_roots", "spots", roots);
    }
    if let Some(delta) = seen.get::<DeltaExposure>() {
        let known = |value: f64| is_known(&delta.stamp).then_some(value);
        facts.begin("delta", SOURCE, delta.stamp);
        facts.number("dex_usd", "USD", known(delta.open_interest_usd));
        facts.number("dealer_dex_usd", "USD", known(delta.dealer_usd));
        let vanna = known(delta.vanna_usd_per_point);
        facts.number("vanna_usd_per_point", PER_POINT, vanna);
        let charm = known(delta.charm_usd_per_day);
        facts.number("charm_usd_per_day", "USD of delta per day", charm);
        facts.number("delta_coverage", "0 to 1", delta.coverage);
        facts.because(NO_VALUE);
    }
    if let Some(volume) = seen.get::<VolumeExposure>() {
        by_volume(volume, facts);
    }
}

fn by_volume(volume: &VolumeExposure, facts: &mut Facts) {
    let known = |value: f64| is_known(&volume.stamp).then_some(value);
    facts.begin("volume", BY_VOLUME, volume.stamp);
    for (name, value) in [
        ("net_gex_by_volume_usd_per_pct", volume.net_usd_per_pct),
        ("call_gex_by_volume_usd_per_pct", volume.call_usd_per_pct),
        ("put_gex_by_volume_usd_per_pct", volume.put_usd_per_pct),
    ] {
        facts.number(name, PER_PCT, known(value));
    }
    for (name, level) in [
        ("call_wall_by_volume_usd", volume.call_wall),
        ("put_wall_by_volume_usd", volume.put_wall),
        (
            "max_abs_gamma_strike_by_volume_usd",
            volume.max_abs_gamma_strike,
        ),
    ] {
        facts.number(name, "USD", level.map(Price::dollars));
        facts.because("too few contracts that traded have gamma");
    }
    let included = known(f64::from(volume.included));
    facts.number("included_by_volume", "contracts", included);
}
