//! Which strikes are shown, and which of them in one row.

use crate::picture::Bar;
use crate::picture::scale::round_step;

/// Strikes that are shown at least, where there are so many within reach.
const STRIKES_MIN: usize = 21;
/// Rows at most: more cannot be told apart.
const ROWS_MAX: f64 = 60.0;
/// Half the height of the picture as shares of the spot: the first that is enough is taken.
const HALF_WIDTHS: [f64; 12] = [
    0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.065, 0.08, 0.10, 0.15, 0.20, 0.30,
];
/// What the strikes shown hold of all |GEX| at least, where that is possible: the tails go without a
/// row before the strikes near the spot must share one.
const SHARE_MIN: f64 = 0.80;
/// Strikes that a row may sum, as multiples of their usual distance.
const STRIKES_SUMMED: [f64; 8] = [1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 200.0];
/// Levels farther away than this many times the half height do not stretch it.
const STRETCH_MAX: f64 = 1.5;

/// What is shown.
#[derive(Debug, PartialEq)]
pub(super) struct Rows {
    /// The rows, ascending by strike.
    pub(super) bars: Vec<Bar>,
    /// The least and greatest price on the axis.
    pub(super) range: (f64, f64),
    /// The distance of neighbouring rows in dollars.
    pub(super) pitch: f64,
    /// The distance of rows, if each sums several strikes.
    pub(super) summed: Option<f64>,
    /// The share of all |GEX| that is shown.
    pub(super) share: f64,
    /// Strikes with exposure that are not shown.
    pub(super) hidden: usize,
}

fn size(bar: &Bar) -> f64 {
    bar.call.abs() + bar.put.abs()
}

/// The strikes of `bars`, which ascend, that are shown about `spot`; `levels` are wanted in sight.
pub(super) fn rows(bars: &[Bar], spot: f64, levels: &[f64]) -> Rows {
    let bars: Vec<Bar> = bars.iter().copied().filter(|bar| size(bar) > 0.0).collect();
    let total: f64 = bars.iter().map(size).sum();
    let half = half_height(&bars, spot, levels, total);
    let (low, high) = (spot - half, spot + half);
    let is_inside = |bar: &&Bar| (low..=high).contains(&bar.strike);
    let shown: Vec<Bar> = bars.iter().filter(is_inside).copied().collect();
    let hidden = bars.len() - shown.len();
    let inside: f64 = shown.iter().map(size).sum();
    let share = if total > 0.0 { inside / total } else { 1.0 };
    let least = least_gap(&shown).unwrap_or(2.0 * half);
    let is_crowded = 2.0 * half > ROWS_MAX * least;
    let (shown, pitch, summed) = if is_crowded {
        let step = common_step(&shown, 2.0 * half);
        (summed(&shown, step), step, Some(step))
    } else {
        (shown, least, None)
    };
    // Half a row more on both sides, so that the outermost are whole.
    let edge = (0.6 * pitch).min(0.06 * half);
    Rows {
        bars: shown,
        range: (low - edge, high + edge),
        pitch,
        summed,
        share,
        hidden,
    }
}

/// How far the axis reaches from the spot, in dollars.
fn half_height(bars: &[Bar], spot: f64, levels: &[f64], total: f64) -> f64 {
    let inside = |half: f64| -> f64 {
        let near = bars.iter().filter(|bar| (bar.strike - spot).abs() <= half);
        near.map(size).sum()
    };
    let mut halves = HALF_WIDTHS.into_iter().map(|share| share * spot);
    let enough = halves.find(|half| inside(*half) >= SHARE_MIN * total);
    let widest = HALF_WIDTHS[HALF_WIDTHS.len() - 1] * spot;
    let mut nearest: Vec<f64> = bars.iter().map(|bar| (bar.strike - spot).abs()).collect();
    nearest.sort_by(f64::total_cmp);
    let wanted = nearest.iter().take(STRIKES_MIN).next_back().copied();
    let wanted = wanted.unwrap_or_default().min(widest);
    let mut half = enough.unwrap_or(widest).max(wanted);
    if total > 0.0 && inside(half) <= 0.0 {
        // All strikes are far away: the nearest is shown.
        half = 1.1 * nearest[0];
    }
    let reach = STRETCH_MAX * half;
    let distances = levels.iter().map(|level| 1.02 * (level - spot).abs());
    distances.filter(|away| *away <= reach).fold(half, f64::max)
}

fn least_gap(bars: &[Bar]) -> Option<f64> {
    let gaps = bars.windows(2).map(|pair| pair[1].strike - pair[0].strike);
    gaps.reduce(f64::min)
}

/// The distance of rows that sum the strikes of `bars` over `span` dollars.
fn common_step(bars: &[Bar], span: f64) -> f64 {
    let mut gaps: Vec<f64> = bars
        .windows(2)
        .map(|pair| pair[1].strike - pair[0].strike)
        .collect();
    gaps.sort_by(f64::total_cmp);
    // The gap that there is most often, of equally frequent ones the least.
    let mut usual = (0, span / ROWS_MAX);
    for same in gaps.chunk_by(|a, b| (a - b).abs() <= 1e-6 * b) {
        if same.len() > usual.0 {
            usual = (same.len(), same[0]);
        }
    }
    let gap = usual.1;
    let steps = STRIKES_SUMMED.into_iter().map(|strikes| strikes * gap);
    let found = steps.into_iter().find(|step| span <= ROWS_MAX * step);
    found.unwrap_or_else(|| round_step(span, ROWS_MAX))
}

/// Sums strikes to the nearest multiple of `step`, half of a step up.
fn summed(bars: &[Bar], step: f64) -> Vec<Bar> {
    let mut rows: Vec<Bar> = Vec::new();
    for bar in bars {
        let strike = (bar.strike / step + 0.5).floor() * step;
        if rows.last().is_none_or(|last| last.strike < strike) {
            rows.push(Bar {
                strike,
                ..Bar::default()
            });
        }
        if let Some(row) = rows.last_mut() {
            row.call += bar.call;
            row.put += bar.put;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(strike: f64, call: f64, put: f64) -> Bar {
        Bar { strike, call, put }
    }

    #[test]
    fn strikes_near_the_spot_stand_for_themselves() {
        let bars = [
            bar(50.0, 1.0, 0.0),
            bar(95.0, 5.0, -20.0),
            bar(100.0, 40.0, -30.0),
            bar(105.0, 20.0, 0.0),
            bar(106.0, 0.0, 0.0),
        ];
        let found = rows(&bars, 100.0, &[100.0]);
        assert_eq!(found.bars, bars[1..4]);
        assert_eq!((found.hidden, found.summed), (1, None));
        assert_eq!(found.pitch.to_bits(), 5.0_f64.to_bits());
        assert!((found.share - 115.0 / 116.0).abs() < 1e-12);
        assert!(found.range.0 < 95.0 && found.range.1 > 105.0);
    }

    #[test]
    fn too_many_strikes_are_summed_and_nothing_is_lost() {
        let bars: Vec<Bar> = (0..400)
            .map(|place| bar(4300.0 + f64::from(place), 1.0, -2.0))
            .collect();
        let found = rows(&bars, 4500.0, &[]);
        assert!(found.bars.len() <= 61, "{}", found.bars.len());
        assert_eq!(found.summed.map(f64::to_bits), Some(10.0_f64.to_bits()));
        let calls: f64 = found.bars.iter().map(|bar| bar.call).sum();
        let puts: f64 = found.bars.iter().map(|bar| bar.put).sum();
        assert_eq!(puts.to_bits(), (-2.0 * calls).to_bits());
        let all = calls + found.hidden as f64;
        assert_eq!(all.to_bits(), (bars.len() as f64).to_bits());
    }

    #[test]
    fn a_level_within_reach_is_in_sight() {
        let bars = [bar(100.0, 1.0, 0.0)];
        let near = rows(&bars, 100.0, &[101.4]);
        assert!(near.range.1 > 101.4);
        let far = rows(&bars, 100.0, &[140.0]);
        assert!(far.range.1 < 140.0);
    }

    #[test]
    fn one_strike_far_away_and_no_strike_at_all_have_an_axis() {
        let found = rows(&[bar(200.0, 3.0, 0.0)], 100.0, &[]);
        assert_eq!((found.bars.len(), found.hidden), (1, 0));
        assert!(found.range.1 > 200.0);
        let none = rows(&[], 100.0, &[]);
        assert!(none.bars.is_empty() && none.range.0 < none.range.1);
    }
}
