//! What macro series say for stocks, as one number from -1, adverse, to 1, supportive.
//!
//! ```text
//! policy     -tanh(change of the policy rate / 0.5)       yields  -tanh(change of the long yield / 0.5)
//! curve       tanh((long - short) / 1)                    growth   tanh((growth over a year - 2 %) / 2 %)
//! inflation  -tanh((growth over a year - 2 %) / 2 %)      sentiment  tanh(mean of a week / 0.35)
//! ```
//!
//! with rates and yields in percent, changes over `change_days`; the score is the mean of the parts that
//! there are. A part is supportive from 0.25 on and adverse from -0.25 on. House rules, fitted to nothing;
//! 0.35 is where the source of the scores begins to call news bullish.

use super::series::{Known, Series};
use engine::math::tanh;
use jiff::civil::Date;

/// From here on a part or the score leans to a side.
const LEAN: f64 = 0.25;
/// Percent points of a rate that matter much.
const RATE: f64 = 0.5;
/// Percent points between yields that matter much.
const SLOPE: f64 = 1.0;
/// What prices and output are expected to grow by in a year, and how far from it matters much.
const GROWTH: f64 = 0.02;
/// A mean score of news that matters much.
const SENTIMENT: f64 = 0.35;
const YEAR_DAYS: i64 = 365;
const WEEK_DAYS: i64 = 7;

/// The series of the overlay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AllSeries {
    /// The central bank's rate, percent.
    pub policy_rate: Series,
    /// A yield of up to two years, percent.
    pub short_yield: Series,
    /// A yield of about ten years, percent.
    pub long_yield: Series,
    /// An index of consumer prices.
    pub prices: Series,
    /// Real output.
    pub output: Series,
    /// Scores of news, -1 to 1.
    pub sentiment: Series,
}

/// Which way something points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lean {
    /// For falling stocks.
    Adverse,
    /// For neither.
    Neutral,
    /// For rising stocks.
    Supportive,
}

impl Lean {
    fn of(value: f64) -> Self {
        if value >= LEAN {
            Self::Supportive
        } else if value <= -LEAN {
            Self::Adverse
        } else {
            Self::Neutral
        }
    }

    /// The name in transcripts and in the mirror.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Adverse => "adverse",
            Self::Neutral => "neutral",
            Self::Supportive => "supportive",
        }
    }
}

/// The names of the parts, in their order.
pub const PARTS: [&str; 6] = [
    "policy",
    "yields",
    "curve",
    "inflation",
    "growth",
    "sentiment",
];

/// One part of the score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// What it stands on: a change, a slope, a growth or a mean.
    pub input: Option<f64>,
    /// What that says, -1 to 1; absent where a series lacks or is too old.
    pub value: Option<f64>,
    /// Days since the date of the newest row of its series, the older of two.
    pub age_days: Option<i64>,
    /// Which way it points.
    pub lean: Option<Lean>,
}

/// What macro series say on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MacroRegime {
    /// In the order of [`PARTS`].
    pub parts: [Part; 6],
    /// The mean of the parts that there are.
    pub score: Option<f64>,
    /// Which way that points.
    pub lean: Option<Lean>,
}

/// What is known before the session of `today` says.
#[must_use]
pub fn regime(series: &AllSeries, today: Date, change_days: i64) -> MacroRegime {
    let change = |known: &Known<'_>| known.change(change_days);
    let above_trend = |growth: f64| (growth - GROWTH) / GROWTH;
    let over_a_year = |known: &Known<'_>| known.growth(YEAR_DAYS);
    let parts = [
        part(&series.policy_rate, today, change, |input| -input / RATE),
        part(&series.long_yield, today, change, |input| -input / RATE),
        curve(series, today),
        part(&series.prices, today, over_a_year, |input| {
            -above_trend(input)
        }),
        part(&series.output, today, over_a_year, above_trend),
        part(
            &series.sentiment,
            today,
            |known| known.mean(WEEK_DAYS),
            |input| input / SENTIMENT,
        ),
    ];
    let values = parts.iter().filter_map(|part| part.value);
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    let score = (count > 0).then(|| sum / f64::from(count));
    MacroRegime {
        parts,
        score,
        lean: score.map(Lean::of),
    }
}

fn part(
    series: &Series,
    today: Date,
    input: impl Fn(&Known<'_>) -> Option<f64>,
    says: impl Fn(f64) -> f64,
) -> Part {
    let Some(known) = series.known(today) else {
        return Part::default();
    };
    finished(input(&known), known.is_current(), known.age_days(), says)
}

fn curve(series: &AllSeries, today: Date) -> Part {
    let both = series
        .long_yield
        .known(today)
        .zip(series.short_yield.known(today));
    let Some((long, short)) = both else {
        return Part::default();
    };
    let slope = long.newest().zip(short.newest()).map(|(l, s)| l.1 - s.1);
    let age = long.age_days().zip(short.age_days()).map(|(l, s)| l.max(s));
    finished(
        slope,
        long.is_current() && short.is_current(),
        age,
        |slope| slope / SLOPE,
    )
}

fn finished(
    input: Option<f64>,
    is_current: bool,
    age_days: Option<i64>,
    says: impl Fn(f64) -> f64,
) -> Part {
    let value = input.filter(|_| is_current).map(|input| tanh(says(input)));
    Part {
        input,
        value,
        age_days,
        lean: value.map(Lean::of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macro_overlay::series::tests::series;
    use jiff::civil::date;

    #[test]
    fn parts_have_their_signs_and_the_score_is_their_mean() {
        let all = AllSeries {
            policy_rate: series(0, &[(date(2025, 12, 1), 4.0), (date(2026, 3, 1), 3.5)]),
            short_yield: series(0, &[(date(2026, 3, 1), 4.0)]),
            long_yield: series(0, &[(date(2025, 12, 1), 4.0), (date(2026, 3, 1), 4.5)]),
            prices: series(0, &[(date(2025, 3, 1), 100.0), (date(2026, 3, 1), 104.0)]),
            output: series(0, &[(date(2025, 3, 1), 100.0), (date(2026, 3, 1), 102.0)]),
            sentiment: series(0, &[(date(2026, 2, 25), 0.2), (date(2026, 3, 1), 0.5)]),
        };
        let found = regime(&all, date(2026, 3, 2), 90);
        let one = tanh(1.0);
        let wanted = [one, -one, tanh(0.5), -one, 0.0, one];
        for ((part, wanted), name) in found.parts.iter().zip(wanted).zip(PARTS) {
            let value = part.value.unwrap();
            assert!((value - wanted).abs() < 1e-9, "{name} {value} {wanted}");
            assert_eq!(part.age_days, Some(1), "{name}");
        }
        let mean = wanted.iter().sum::<f64>() / 6.0;
        assert!((found.score.unwrap() - mean).abs() < 1e-9);
        assert_eq!(found.parts[0].lean, Some(Lean::Supportive));
        assert_eq!(found.parts[1].lean, Some(Lean::Adverse));
        assert_eq!(found.parts[4].lean, Some(Lean::Neutral));
    }

    #[test]
    fn what_is_too_old_or_not_there_is_no_part_of_the_score() {
        let old = AllSeries {
            sentiment: series(0, &[(date(2025, 12, 1), 0.9)]),
            long_yield: series(0, &[(date(2026, 3, 1), 4.5)]),
            ..AllSeries::default()
        };
        let found = regime(&old, date(2026, 3, 2), 90);
        assert_eq!((found.score, found.lean), (None, None));
        // Known, of another season, and not said.
        assert_eq!(found.parts[5].age_days, Some(91));
        assert_eq!(found.parts[5].value, None);
        assert_eq!(
            found.parts[1],
            Part {
                age_days: Some(1),
                ..Part::default()
            }
        );
        assert_eq!(
            regime(&AllSeries::default(), date(2026, 3, 2), 90),
            MacroRegime::default()
        );
    }
}
