//! What macro series say: rates, yields, prices, output and the tone of news, as one score a session.
//!
//! The series stand in the config (`macro.series.*.rows`, which the program fills from the files that it
//! names, so that a journal holds them and a replay needs no file). Of each only what was published before
//! the session's day is looked at. It is information beside what the market is doing: nothing that decides
//! reads it.

use bevy_ecs::prelude::*;
use components::quality::{Quality, Stamp};
use components::volatility::MarketRegime;
use engine::clock::Tick;
use engine::config::{ConfigError, Problems, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use engine::transcript::Transcript;
use jiff::civil::Date;
use regime::{AllSeries, Lean, MacroRegime, PARTS, regime};
use serde::Deserialize;
use series::{Series, SeriesConfig};

/// What series say.
pub mod regime;
/// What of a series is known.
pub mod series;

/// A day, milliseconds: how long a score holds.
const DAY_MS: i64 = 86_400_000;

/// The `macro` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct MacroConfig {
    /// Days over which rates and yields change.
    #[garde(custom(within(1, 3660)))]
    pub change_days: i64,
    /// The series.
    #[garde(dive)]
    pub series: SeriesConfigs,
}

/// The series of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct SeriesConfigs {
    /// The central bank's rate, percent.
    #[garde(dive)]
    pub policy_rate: SeriesConfig,
    /// A yield of up to two years, percent.
    #[garde(dive)]
    pub short_yield: SeriesConfig,
    /// A yield of about ten years, percent.
    #[garde(dive)]
    pub long_yield: SeriesConfig,
    /// An index of consumer prices.
    #[garde(dive)]
    pub prices: SeriesConfig,
    /// Real output.
    #[garde(dive)]
    pub output: SeriesConfig,
    /// Scores of news, -1 to 1.
    #[garde(dive)]
    pub sentiment: SeriesConfig,
}

impl Section for MacroConfig {
    const NAME: &'static str = "macro";

    fn check(&self, problems: &mut Problems<'_>) {
        let series = &self.series;
        series.policy_rate.check("series.policy_rate", problems);
        series.short_yield.check("series.short_yield", problems);
        series.long_yield.check("series.long_yield", problems);
        series.prices.check("series.prices", problems);
        series.output.check("series.output", problems);
        series.sentiment.check("series.sentiment", problems);
    }
}

impl MacroConfig {
    /// The series, by date.
    #[must_use]
    pub fn series(&self) -> AllSeries {
        let series = &self.series;
        AllSeries {
            policy_rate: Series::of(&series.policy_rate),
            short_yield: Series::of(&series.short_yield),
            long_yield: Series::of(&series.long_yield),
            prices: Series::of(&series.prices),
            output: Series::of(&series.output),
            sentiment: Series::of(&series.sentiment),
        }
    }
}

/// What macro series say of the session that runs.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq)]
pub struct MacroOverlay {
    /// The score and its parts.
    pub regime: MacroRegime,
    /// The session that it is of.
    pub day: Option<Date>,
    /// When, until when, how good.
    pub stamp: Stamp,
}

/// The series and over how many days they change.
#[derive(Resource, Debug)]
pub struct MacroSeries {
    series: AllSeries,
    change_days: i64,
}

/// Adds the overlay.
#[derive(Debug)]
pub struct MacroOverlayPlugin;

impl Plugin for MacroOverlayPlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<MacroConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(MacroSeries {
            series: config.series(),
            change_days: config.change_days,
        });
        world.init_resource::<MacroOverlay>();
        engine.add(Phase::Volatility, overlay_macro);
        Ok(())
    }
}

/// Reads the series in the first tick of a session, and shows every underlying the score.
pub fn overlay_macro(
    tick: Res<Tick>,
    series: Res<MacroSeries>,
    mut overlay: ResMut<MacroOverlay>,
    mut digest: ResMut<Digest>,
    mut transcript: ResMut<Transcript>,
    mut regimes: Query<&mut MarketRegime>,
) {
    let today = tick.session.date;
    if overlay.day != Some(today) {
        let found = regime(&series.series, today, series.change_days);
        if overlay.day.is_some() {
            for line in changes(&overlay.regime, &found) {
                transcript.line(format_args!("macro {line}"));
            }
        }
        let has_rows = found.parts.iter().any(|part| part.age_days.is_some());
        let quality = match (found.score, has_rows) {
            (Some(_), _) => Quality::Ok,
            (None, true) => Quality::Stale,
            (None, false) => Quality::NoData,
        };
        *overlay = MacroOverlay {
            regime: found,
            day: Some(today),
            stamp: Stamp::new(tick.now, DAY_MS, quality),
        };
        digest.fold_floats(Phase::Volatility, &[found.score.unwrap_or(-2.0)]);
    }
    let score = overlay.regime.score;
    for mut regime in &mut regimes {
        if regime.macro_score != score {
            regime.macro_score = score;
        }
    }
}

/// What points another way than before, a line each.
fn changes(before: &MacroRegime, now: &MacroRegime) -> Vec<String> {
    let name = |lean: Option<Lean>| lean.map_or("-", Lean::name);
    let parts = PARTS.into_iter().zip(before.parts.iter().zip(&now.parts));
    let leans = parts.map(|(part, (before, now))| (part, before.lean, now.lean));
    leans
        .chain([("score", before.lean, now.lean)])
        .filter(|(_, before, now)| before != now)
        .map(|(part, before, now)| format!("{part} {} -> {}", name(before), name(now)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::macro_overlay::series::tests::series;
    use jiff::civil::date;

    #[test]
    fn what_turns_round_is_told_once() {
        let all = AllSeries {
            sentiment: series(0, &[(date(2026, 3, 2), 0.3), (date(2026, 3, 4), -0.9)]),
            ..AllSeries::default()
        };
        let on = |day| regime(&all, date(2026, 3, day), 90);
        assert!(changes(&on(3), &on(4)).is_empty());
        assert_eq!(
            changes(&on(4), &on(5)),
            [
                "sentiment supportive -> adverse",
                "score supportive -> adverse"
            ]
        );
        assert_eq!(
            changes(&on(2), &on(3)),
            ["sentiment - -> supportive", "score - -> supportive"]
        );
    }
}
