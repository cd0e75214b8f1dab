//! The last samples of an underlying's exposures, where the newest stands among them, and what is told
//! of that.
//!
//! A session begins with empty windows: open interest is counted anew overnight, so that yesterday's
//! exposures are those of other contracts. An exposure that is not fresh is not sampled.

use super::DealersConfig;
use super::drift::{Drifts, Turn, turn};
use crate::cadence::{SECOND_TICKS, has_turn};
use crate::statistics::rolling::RollingWindow;
use bevy_ecs::prelude::*;
use components::dealers::{DealerMeasure, DealerStandings, Drift, MeasureStanding};
use components::exposure::{DeltaExposure, GammaExposure};
use components::market::{SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use engine::clock::Tick;
use engine::digest::Digest;
use engine::phase::Phase;
use engine::transcript::Transcript;

/// Samples are good for so many times the time between two of them.
const VALID_SAMPLES: i64 = 2;

/// The samples of an underlying, in the order of [`DealerMeasure::ALL`].
#[derive(Component, Debug, Default)]
pub struct ExposureHistory {
    /// Made when the first sample comes: from then on no memory is asked for.
    windows: Option<[RollingWindow; 4]>,
    /// The newest sample's place on the grid of the session; 0 before the first.
    sampled: i64,
}

type Sampled<'a> = (
    (&'a SymbolId, &'a Ticker),
    (&'a GammaExposure, &'a DeltaExposure),
    &'a mut ExposureHistory,
    &'a mut DealerStandings,
);

/// Samples the exposures that are due, and tells once of vanna and charm that became unusual.
pub fn take_samples(
    tick: Res<Tick>,
    config: Res<DealersConfig>,
    mut drifts: ResMut<Drifts>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut underlyings: Query<Sampled<'_>>,
) {
    drifts.0.clear();
    let sample_nanos = i64::from(config.sample_s) * 1_000_000_000;
    let place = tick
        .now
        .nanos_since(tick.session.open)
        .div_euclid(sample_nanos);
    for ((symbol, ticker), (gex, dex), mut history, mut standings) in &mut underlyings {
        if tick.opens_session {
            *history = ExposureHistory {
                windows: history.windows.take().map(emptied),
                sampled: 0,
            };
            *standings = DealerStandings::default();
        }
        let due = has_turn(*symbol, &tick, SECOND_TICKS) && history.sampled < place;
        if !due || !gex.stamp.is_fresh(tick.now) || !dex.stamp.is_fresh(tick.now) {
            continue;
        }
        history.sampled = place;
        let windows = history
            .windows
            .get_or_insert_with(|| std::array::from_fn(|_| RollingWindow::new(config.samples)));
        let values = [
            gex.net_usd_per_pct,
            dex.open_interest_usd,
            dex.vanna_usd_per_point,
            dex.charm_usd_per_day,
        ];
        for (index, measure) in DealerMeasure::ALL.into_iter().enumerate() {
            windows[index].push(values[index]);
            let standing = standing(&windows[index], config.samples_min);
            standings.of[index] = standing;
            digest.fold_floats(
                Phase::Volatility,
                &[standing.value, standing.z.unwrap_or(-99.0)],
            );
            if !measure.is_watched() {
                continue;
            }
            let drifting = standings.drifting[index];
            let away = (standing.value - standing.mean).abs();
            let matters = away >= config.drift_share_min * standing.mean.abs();
            let z = standing.z.filter(|_| drifting || matters);
            match turn(drifting, z, config.drift_z, config.drift_over_z) {
                Some(Turn::Begins) => {
                    standings.drifting[index] = true;
                    let z = z.unwrap_or_default();
                    let name = measure.name();
                    transcript.line(format_args!("drift {ticker} {name} {z:+.2}"));
                    let drift = Drift {
                        measure,
                        value: standing.value,
                        z,
                        at: tick.now,
                    };
                    drifts.0.push((*symbol, drift));
                }
                Some(Turn::Ends) => {
                    standings.drifting[index] = false;
                    transcript.line(format_args!("drift {ticker} {} over", measure.name()));
                }
                None => {}
            }
        }
        standings.samples = u32::try_from(windows[0].len()).unwrap_or(u32::MAX);
        let quality = match standings.samples as usize >= config.samples_min {
            true => Quality::Ok,
            false => Quality::Warmup,
        };
        let valid_ms = VALID_SAMPLES * 1_000 * i64::from(config.sample_s);
        standings.stamp = Stamp::new(tick.now, valid_ms, quality);
    }
}

/// Where the newest sample of a window stands.
fn standing(window: &RollingWindow, samples_min: usize) -> MeasureStanding {
    let Some(found) = window.standing(samples_min) else {
        return MeasureStanding::default();
    };
    MeasureStanding {
        value: window.values().next_back().unwrap_or_default(),
        mean: found.mean,
        z: found.z,
        quality: match found.z {
            Some(_) => Quality::Ok,
            None if found.samples < samples_min => Quality::Warmup,
            None => Quality::IllConditioned,
        },
    }
}

fn emptied(mut windows: [RollingWindow; 4]) -> [RollingWindow; 4] {
    windows.iter_mut().for_each(RollingWindow::clear);
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_says_why_there_is_no_score() {
        let mut window = RollingWindow::new(4);
        assert_eq!(standing(&window, 3).quality, Quality::NoData);
        window.push(2.0);
        let found = standing(&window, 3);
        assert_eq!((found.quality, found.z), (Quality::Warmup, None));
        window.push(2.0);
        window.push(2.0);
        let found = standing(&window, 3);
        assert_eq!((found.quality, found.z), (Quality::IllConditioned, None));
        window.push(6.0);
        let found = standing(&window, 3);
        // Mean 3, deviation sqrt(3): 3 / 1.732.
        assert_eq!(found.quality, Quality::Ok);
        assert!((found.z.unwrap() - 3.0_f64.sqrt()).abs() < 1e-15);
        assert!((found.value - 6.0).abs() < 1e-15);
        let found = standing(&emptied(std::array::from_fn(|_| window.clone()))[0], 3);
        assert_eq!(found, MeasureStanding::default());
    }
}
