//! The `exits` section of the config: when and how a held option is sold, for all strategies and
//! with what some of them want otherwise.

use super::scale_out::ScaleStep;
use super::trailing::ProfitLock;
use components::signal::STRATEGY_NAME_LENGTH_MAX;
use engine::config::{Problems, Section, within};
use garde::Validate;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The most steps of scaling out and the most profit locks.
pub const STEPS_MAX: usize = 8;
/// How long before the broker's own liquidation the last exit begins at the latest.
const LIQUIDATION_MARGIN_S: i64 = 60;
const SESSION_S: i64 = 23_400;

/// The `exits` section of the config.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct ExitConfig {
    /// The first stop: where this share of the cost is lost, 0.5 is half.
    #[garde(custom(within(0.01, 0.99)))]
    pub stop_share: f64,
    /// How far the limit of a stop order lies below its stop, as a share of the stop.
    #[garde(custom(within(0.0, 0.9)))]
    pub stop_limit_share: f64,
    /// The target of all that is left: a gain of this share of the cost, 1.0 is double.
    #[garde(custom(within(0.01, 100.0)))]
    pub target_share: f64,
    /// Parts that are sold on the way to the target, in rising order.
    #[garde(dive, custom(few))]
    pub scale_out: Vec<ScaleStep>,
    /// Gains that are locked once they were there, in rising order.
    #[garde(dive, custom(few))]
    pub locks: Vec<ProfitLock>,
    /// Trailing begins at a gain of this share of the cost.
    #[garde(custom(within(0.0, 100.0)))]
    pub trail_from_share: f64,
    /// The stop trails the best bid by this share of it; 0: not.
    #[garde(custom(within(0.0, 0.95)))]
    pub trail_share: f64,
    /// The stop trails the best bid by so many average true ranges of the underlying, times delta;
    /// 0: not.
    #[garde(custom(within(0.0, 100.0)))]
    pub trail_atr: f64,
    /// Sold when the delta is less than this share of what it was at the entry; 0: not.
    #[garde(custom(within(0.0, 0.95)))]
    pub trail_delta_share: f64,
    /// A trailing stop moves by at least this share of itself, to spare messages. Locks do not
    /// wait.
    #[garde(custom(within(0.0, 0.5)))]
    pub stop_step_share: f64,
    /// What expires before the next session opens is sold this long before the close, seconds.
    #[garde(custom(within(0, SESSION_S)))]
    pub before_close_s: i64,
    /// When the broker begins to sell what expires by itself, seconds before the close.
    #[garde(custom(within(0, SESSION_S)))]
    pub liquidation_before_close_s: i64,
    /// The end-of-day rule is applied this long before the close, seconds.
    #[garde(custom(within(0, SESSION_S)))]
    pub day_end_before_close_s: i64,
    /// The share of a position that may be held overnight: 1 all of it, 0 nothing.
    #[garde(custom(within(0.0, 1.0)))]
    pub overnight_share: f64,
    /// A position without enough protection for longer than this is closed, milliseconds.
    #[garde(custom(within(250, 2000)))]
    pub protect_within_ms: i64,
    /// How long the broker has to fill a stop whose price was reached, milliseconds.
    #[garde(custom(within(250, 60_000)))]
    pub stop_grace_ms: i64,
    /// How often the limit of a closing order follows the bid, milliseconds.
    #[garde(custom(within(250, 60_000)))]
    pub reprice_ms: i64,
    /// How far below the midpoint a closing order begins, and how much further each time it is
    /// repriced, as a share of the midpoint; never below the bid.
    #[garde(custom(within(0.01, 1.0)))]
    pub close_collar_share: f64,
    /// What strategies want otherwise, by their names.
    #[garde(skip)]
    pub strategies: BTreeMap<String, ExitOverrides>,
}

macro_rules! overrides {
    ($($field:ident: $kind:ty),* $(,)?) => {
        /// What a strategy wants otherwise than the section says; what is absent is as there.
        #[derive(Clone, Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct ExitOverrides {
            $(
                /// See the field of the same name of [`ExitConfig`].
                pub $field: Option<$kind>,
            )*
        }

        impl ExitConfig {
            /// The section as `overrides` leave it.
            #[must_use]
            pub fn overlaid(&self, overrides: &ExitOverrides) -> Self {
                Self {
                    $($field: overrides.$field.clone().unwrap_or_else(|| self.$field.clone()),)*
                    strategies: BTreeMap::new(),
                }
            }
        }
    };
}

overrides! {
    stop_share: f64,
    stop_limit_share: f64,
    target_share: f64,
    scale_out: Vec<ScaleStep>,
    locks: Vec<ProfitLock>,
    trail_from_share: f64,
    trail_share: f64,
    trail_atr: f64,
    trail_delta_share: f64,
    stop_step_share: f64,
    before_close_s: i64,
    liquidation_before_close_s: i64,
    day_end_before_close_s: i64,
    overnight_share: f64,
    protect_within_ms: i64,
    stop_grace_ms: i64,
    reprice_ms: i64,
    close_collar_share: f64,
}

impl Section for ExitConfig {
    const NAME: &'static str = "exits";

    fn check(&self, problems: &mut Problems<'_>) {
        self.check_together("", problems);
        for (name, overrides) in &self.strategies {
            let path = format!("strategies.{name}.");
            if name.is_empty() || name.len() > STRATEGY_NAME_LENGTH_MAX || !name.is_ascii() {
                let message = format!(
                    "a strategy's name must be 1 to {STRATEGY_NAME_LENGTH_MAX} ASCII characters"
                );
                problems.refuse(&format!("strategies.{name}"), &message);
                continue;
            }
            let overlaid = self.overlaid(overrides);
            match overlaid.validate() {
                Ok(()) => overlaid.check_together(&path, problems),
                Err(report) => {
                    for (key, error) in report.iter() {
                        problems.refuse(&format!("{path}{key}"), error.message());
                    }
                }
            }
        }
    }
}

impl ExitConfig {
    /// Rules between fields; `path` stands before the keys in messages.
    fn check_together(&self, path: &str, problems: &mut Problems<'_>) {
        let earliest = self.liquidation_before_close_s + LIQUIDATION_MARGIN_S;
        if self.before_close_s < earliest {
            let message =
                format!("must be at least {earliest}, a minute before liquidation_before_close_s");
            problems.refuse(&format!("{path}before_close_s"), &message);
        }
        for (place, pair) in self.locks.windows(2).enumerate() {
            if pair[1].gain <= pair[0].gain || pair[1].keep < pair[0].keep {
                let key = format!("{path}locks[{}]", place + 1);
                problems.refuse(
                    &key,
                    "must have a larger gain and no smaller keep than the lock before it",
                );
            }
        }
        for (place, lock) in self.locks.iter().enumerate() {
            if lock.keep >= lock.gain {
                let message = format!("must be below the gain of {}", lock.gain);
                problems.refuse(&format!("{path}locks[{place}].keep"), &message);
            }
            if (1.0 + lock.keep) * (1.0 - self.stop_limit_share) < 1.0 {
                let message = format!(
                    "must leave the stop's limit, {} of the stop below it, at or above the cost",
                    self.stop_limit_share
                );
                problems.refuse(&format!("{path}locks[{place}].keep"), &message);
            }
        }
        for (place, pair) in self.scale_out.windows(2).enumerate() {
            if pair[1].gain <= pair[0].gain {
                let key = format!("{path}scale_out[{}].gain", place + 1);
                problems.refuse(&key, "must be larger than that of the step before it");
            }
        }
        for (place, step) in self.scale_out.iter().enumerate() {
            if step.gain > self.target_share {
                let message = format!("must be at most target_share, {}", self.target_share);
                problems.refuse(&format!("{path}scale_out[{place}].gain"), &message);
            }
        }
    }
}

fn few<T>(list: &[T], (): &()) -> Result<(), garde::Error> {
    if list.len() <= STEPS_MAX {
        return Ok(());
    }
    Err(garde::Error::new(format!(
        "must have at most {STEPS_MAX} entries"
    )))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use engine::config::Layers;

    pub(crate) const YAML: &str = "
exits:
  stop_share: 0.5
  stop_limit_share: 0.2
  target_share: 4.0
  scale_out: [{gain: 1.0, sell: third}, {gain: 2.0, sell: half}, {gain: 4.0, sell: all}]
  locks: [{gain: 1.0, keep: 0.5}, {gain: 2.0, keep: 1.2}, {gain: 3.0, keep: 2.0}]
  trail_from_share: 0.3
  trail_share: 0.4
  trail_atr: 0.0
  trail_delta_share: 0.0
  stop_step_share: 0.02
  before_close_s: 900
  liquidation_before_close_s: 600
  day_end_before_close_s: 600
  overnight_share: 1.0
  protect_within_ms: 2000
  stop_grace_ms: 1000
  reprice_ms: 1000
  close_collar_share: 0.1
  strategies:
    zero_dte: {overnight_share: 0.0, day_end_before_close_s: 1200}
";

    pub(crate) fn section(flags: &str) -> Result<ExitConfig, String> {
        let file = format!("exits: {flags}\n");
        let mut config = Layers::new(YAML)
            .file("my.yaml", file)
            .load()
            .map_err(|error| error.to_string())?;
        config.section().map_err(|error| error.to_string())
    }

    #[test]
    fn a_strategy_overrides_what_it_names() {
        let config = section("{}").unwrap();
        let overlaid = config.overlaid(&config.strategies["zero_dte"]);
        assert_eq!(overlaid.day_end_before_close_s, 1200);
        assert!(overlaid.overnight_share.abs() < 1e-12);
        assert_eq!(overlaid.before_close_s, config.before_close_s);
        assert_eq!(overlaid.locks, config.locks);
    }

    #[test]
    fn what_does_not_fit_together_is_named() {
        let check = |flags: &str, part: &str| {
            let error = section(flags).expect_err(flags);
            assert!(error.contains(part), "{error}");
        };
        check("{stop_share: 1.0}", "exits.stop_share: 1.0 is not allowed");
        check(
            "{before_close_s: 659}",
            "659 is not allowed, must be at least 660",
        );
        check(
            "{locks: [{gain: 1.0, keep: 0.1}]}",
            "exits.locks[0].keep: 0.1 is not allowed, must leave",
        );
        check(
            "{locks: [{gain: 1.0, keep: 1.0}]}",
            "must be below the gain of 1",
        );
        check(
            "{locks: [{gain: 2.0, keep: 0.5}, {gain: 1.0, keep: 0.5}]}",
            "exits.locks[1]",
        );
        check(
            "{scale_out: [{gain: 5.0, sell: half}]}",
            "must be at most target_share, 4",
        );
        check(
            "{scale_out: [{gain: 2.0, sell: half}, {gain: 1.0, sell: half}]}",
            "exits.scale_out[1].gain",
        );
        check("{scale_out: [{gain: 2.0, sell: quarter}]}", "quarter");
        check("{strategies: {x: {stop_shar: 0.1}}}", "stop_shar");
        check(
            "{strategies: {x: {stop_share: 7.0}}}",
            "exits.strategies.x.stop_share: 7.0 is not allowed, must be 0.01 to 0.99",
        );
        check(
            "{strategies: {x: {stop_limit_share: 0.6}}}",
            "exits.strategies.x",
        );
        check(
            "{strategies: {abcdefghijklmnopqrstuvwxyz: {}}}",
            "1 to 24 ASCII",
        );
    }
}
