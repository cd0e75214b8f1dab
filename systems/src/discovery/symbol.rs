//! What the tape of one underlying says about it.
//!
//! ```text
//! bucket    V = clamp(7.8 e^c, day / 200, day / 20), at least 20 median trades and 50 shares
//! lookback  of |one-minute log return|, by autocorrelation
//! levels    0.75, 1.25, 1.75, 2.5 times the median of realised volatility over 30 minutes
//! toxicity  of VPIN in buckets of V and of the trades' shapes
//! ```
//!
//! `c` is the middle centre of three clusters of ln(volume) of the minutes that have any; 7.8 is 390
//! minutes over 50 buckets a day. Source: formulas.md 16, 13, 9, 7. Clusters of trade sizes would say
//! how large trades are and not how much is traded: a bucket of a few trades makes VPIN 1.

use super::Rules;
use super::found::{
    Basis, BucketFound, LookbackFound, SymbolFound, ToxicityFound, VolatilityFound, rounded,
};
use super::seen::{MINUTES_PER_DAY, Minute, Seen};
use crate::patterns::shapes::Shapes;
use crate::patterns::toxicity::{label, pattern_score, toxicity};
use crate::statistics::autocorrelation::{LAGS, LOOKBACK_WITHOUT_MEMORY, lookback};
use crate::statistics::kmeans::on_a_line;
use crate::statistics::sample::quantile;
use crate::volatility::bars::MINUTE_NANOS;
use crate::volatility::levels::{AFTERNOON, RATIOS};
use crate::volatility::realized::{MINUTES_PER_YEAR, realized};
use crate::vpin::bulk::BulkVpin;
use crate::vpin::cdf::PastValues;
use crate::vpin::volume_clock::VolumeClock;
use components::units::{Price, Timestamp};
use engine::math::{exp, ln};

/// Minutes with volume without which there are no clusters.
pub const BUCKET_MINUTES_MIN: usize = 300;
/// The least bucket, shares (PDS-01).
pub const BUCKET_SHARES_MIN: u64 = 50;
/// A bucket holds at least so many median trades, or each is a bucket of its own.
const BUCKET_TRADES_MIN: u64 = 20;
/// Buckets of a day: the usual number, the most and the fewest.
const BUCKETS_PER_DAY: [f64; 3] = [50.0, 200.0, 20.0];
/// Clusters of minutes: quiet, usual, busy.
const CLUSTERS: usize = 3;
/// Returns that the lookback is found in.
const LOOKBACK_RETURNS: usize = 600;
/// Returns without which it is not: every lag then has as many pairs as there are lags.
pub const LOOKBACK_RETURNS_MIN: usize = 2 * LAGS;
/// Returns of a window of realised volatility.
const VOLATILITY_WINDOW: usize = 30;
/// Windows without which there are no levels.
pub const VOLATILITY_WINDOWS_MIN: usize = 30;

/// What `seen` says at `now`. Never fails: what cannot be found is the default, with the reason.
#[must_use]
pub fn discover_symbol(seen: &Seen<'_>, rules: &Rules, now: Timestamp) -> SymbolFound {
    let returns: Vec<f64> = seen.returns().map(|(_, step)| step).collect();
    let vpin_bucket = bucket(seen);
    let toxicity = flow(seen, rules, vpin_bucket.shares);
    SymbolFound {
        symbol: seen.symbol,
        computed_at: now,
        vpin_bucket,
        lookback: memory(&returns),
        volatility: levels(&returns),
        toxicity,
    }
}

fn bucket(seen: &Seen<'_>) -> BucketFound {
    let volumes: Vec<f64> = seen
        .minutes
        .iter()
        .filter(|minute| minute.volume > 0)
        .map(|minute| ln(minute.volume as f64))
        .collect();
    let day = seen.day_volume();
    let median_trade = seen.median_trade();
    let least = median_trade
        .unwrap_or(0)
        .saturating_mul(BUCKET_TRADES_MIN)
        .max(BUCKET_SHARES_MIN);
    let [usual, most, fewest] = BUCKETS_PER_DAY;
    let clusters = if volumes.len() < BUCKET_MINUTES_MIN {
        None
    } else {
        on_a_line(&volumes, CLUSTERS)
    };
    let centre = clusters.and_then(|clusters| clusters.centres.get(CLUSTERS / 2).copied());
    let (wanted, basis) = match centre {
        Some(centre) => (
            day.map(|day| {
                let volume = MINUTES_PER_DAY as f64 / usual * exp(centre);
                volume.clamp(day / most, day / fewest)
            }),
            Basis::ok(volumes.len()),
        ),
        None => (
            day.map(|day| day / usual),
            Basis::thin(
                volumes.len(),
                BUCKET_MINUTES_MIN,
                "one-minute bars with volume",
            ),
        ),
    };
    BucketFound {
        shares: wanted.and_then(whole).map(|shares| shares.max(least)),
        day_volume: day.and_then(whole),
        median_trade,
        basis,
    }
}

/// The whole number nearest to `shares`.
fn whole(shares: f64) -> Option<u64> {
    const MOST: f64 = 1e15;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked on the same line"
    )]
    (0.0..MOST).contains(&shares).then(|| shares.round() as u64)
}

fn memory(returns: &[f64]) -> LookbackFound {
    let last = &returns[returns.len().saturating_sub(LOOKBACK_RETURNS)..];
    let n = last.len();
    if n < LOOKBACK_RETURNS_MIN {
        return LookbackFound {
            bars: LOOKBACK_WITHOUT_MEMORY as u64,
            bound: None,
            basis: Basis::thin(n, LOOKBACK_RETURNS_MIN, "one-minute returns"),
        };
    }
    let sizes: Vec<f64> = last.iter().map(|step| step.abs()).collect();
    let found = lookback(&sizes);
    LookbackFound {
        bars: found.steps as u64,
        bound: Some(rounded(found.bound)),
        basis: if found.moves {
            Basis::ok(n)
        } else {
            Basis::still(n, "the sizes of one-minute returns")
        },
    }
}

fn levels(returns: &[f64]) -> VolatilityFound {
    let mut windows: Vec<f64> = returns
        .windows(VOLATILITY_WINDOW)
        .filter_map(|window| realized(window, MINUTES_PER_YEAR))
        .map(|window| window.realized)
        .collect();
    windows.sort_by(f64::total_cmp);
    let n = windows.len();
    let enough = n >= VOLATILITY_WINDOWS_MIN;
    let median = quantile(&windows, 0.5).filter(|median| enough && *median > 0.0);
    let [low_below, elevated_from, high_from, shock_from] = match median {
        Some(median) => RATIOS.map(|ratio| rounded(ratio * median)),
        None => AFTERNOON,
    };
    let show = |p: f64| quantile(&windows, p).filter(|_| enough).map(rounded);
    VolatilityFound {
        low_below,
        elevated_from,
        high_from,
        shock_from,
        percentile_20: show(0.2),
        median: show(0.5),
        percentile_80: show(0.8),
        basis: if !enough {
            Basis::thin(
                n,
                VOLATILITY_WINDOWS_MIN,
                "windows of 30 one-minute returns",
            )
        } else if median.is_none() {
            Basis::still(n, "half of the windows")
        } else {
            Basis::ok(n)
        },
    }
}

fn flow(seen: &Seen<'_>, rules: &Rules, bucket: Option<u64>) -> ToxicityFound {
    let n = seen.trades.len();
    let enough = n >= rules.trades_min;
    let score = enough
        .then(|| Shapes::of(seen.trades, seen.round_lot, rules.block))
        .and_then(|shapes| pattern_score(&shapes));
    let (vpin, past) = bucket
        .and_then(|bucket| vpin(seen.minutes, bucket, rules))
        .map_or((None, None), |(vpin, share)| (vpin, share));
    // The unrest of the book is a matter of the moment and no parameter.
    let both = toxicity(vpin, score, None);
    let basis = if !enough {
        Basis::thin(n, rules.trades_min, "trades")
    } else if vpin.is_none() {
        let reason = format!("the window of {} buckets is not full", rules.window_buckets);
        Basis {
            reason: Some(reason),
            ..Basis::thin(n, n, "trades")
        }
    } else {
        Basis::ok(n)
    };
    ToxicityFound {
        vpin: vpin.map(rounded),
        score: score.map(rounded),
        toxicity: both.map(|both| rounded(both.value)),
        label: past.map(label),
        basis,
    }
}

/// VPIN by bulk classification of the minutes, and its place among those of earlier sessions.
fn vpin(minutes: &[Minute], bucket: u64, rules: &Rules) -> Option<(Option<f64>, Option<f64>)> {
    let clock = VolumeClock::new(bucket, rules.window_buckets).ok()?;
    let mut vpin = BulkVpin::new(clock, rules.bulk).ok()?;
    let mut past = PastValues::default();
    for session in minutes.chunk_by(|one, other| one.session == other.session) {
        past.end_session();
        let open = session[0].session;
        vpin.start_session(open, &mut |bucket| past.note(bucket.vpin));
        for minute in session {
            let Some(price) = minute.close.and_then(Price::from_dollars) else {
                continue;
            };
            let at = Timestamp(
                open.0
                    .saturating_add(minute.place.saturating_mul(MINUTE_NANOS)),
            );
            let mut left = minute.volume;
            while left > 0 {
                let size = u32::try_from(left).unwrap_or(u32::MAX);
                left -= u64::from(size);
                vpin.push(at, price, size, &mut |bucket| past.note(bucket.vpin));
            }
        }
    }
    vpin.finish(&mut |bucket| past.note(bucket.vpin));
    let value = vpin.clock().vpin();
    Some((value, value.and_then(|value| past.share_up_to(value))))
}
