//! The scenarios of the config: what each does to an underlying.
//!
//! ```text
//! move = own move of the symbol, else move of its class
//!        + sum over factors of beta x the factor's move
//! ```
//!
//! Rates, commodities, currencies and what else is not traded here are factors: a scenario says how far
//! each goes, and betas say what a class or a symbol does for one unit of it. A symbol's beta to a
//! factor stands above its class's. Betas are choices of who configures them, fitted to nothing.

use crate::risk::book::AssetClass;
use crate::risk::repricing::{Move, Shock};
use bevy_ecs::prelude::Resource;
use components::market::Ticker;
use engine::config::{Problems, Section, within};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// Days of a year.
const DAYS_PER_YEAR: f64 = 365.0;
/// No price falls by more than this share of itself.
const FALL_MAX: f64 = -0.99;

/// The `stress` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct StressConfig {
    /// How often the book is re-priced, seconds.
    #[garde(custom(within(10, 23_400)))]
    pub every_s: i64,
    /// How long after the last time a changed book is re-priced at the earliest, seconds.
    #[garde(custom(within(1, 3600)))]
    pub settle_s: i64,
    /// How long a report holds, milliseconds.
    #[garde(custom(within(1000, 86_400_000)))]
    pub valid_ms: i64,
    /// What a class does for one unit of a factor.
    #[garde(skip)]
    pub class_betas: ByClass<BTreeMap<String, f64>>,
    /// What a symbol does for one unit of a factor.
    #[garde(skip)]
    pub symbol_betas: BTreeMap<Ticker, BTreeMap<String, f64>>,
    /// The scenarios, by name.
    #[garde(dive, length(max = 100))]
    pub scenarios: Vec<Scenario>,
}

/// Something for each class of underlyings.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByClass<T> {
    /// Indices.
    pub index: T,
    /// Funds.
    pub fund: T,
    /// Stocks.
    pub stock: T,
}

impl<T> ByClass<T> {
    fn of(&self, class: AssetClass) -> &T {
        match class {
            AssetClass::Index => &self.index,
            AssetClass::Fund => &self.fund,
            AssetClass::Stock => &self.stock,
        }
    }
}

/// One scenario.
#[derive(Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    #[garde(length(min = 1, max = 40))]
    pub name: String,
    /// The move of each class, a share: -0.05 is down 5 %.
    #[garde(skip)]
    #[serde(default)]
    pub spot: ByClass<f64>,
    /// The move of a symbol, in the place of its class's.
    #[garde(skip)]
    #[serde(default)]
    pub symbols: BTreeMap<Ticker, f64>,
    /// How far each factor goes, in its own unit.
    #[garde(skip)]
    #[serde(default)]
    pub factors: BTreeMap<String, f64>,
    /// Change of every implied volatility, 0.10 is 10 points.
    #[garde(custom(within(-2.0, 5.0)))]
    #[serde(default)]
    pub iv_change: f64,
    /// Change of the rate, 0.01 is a point.
    #[garde(custom(within(-0.5, 0.5)))]
    #[serde(default)]
    pub rate_change: f64,
    /// Calendar days that pass.
    #[garde(custom(within(0.0, 365.0)))]
    #[serde(default)]
    pub days: f64,
}

impl Section for StressConfig {
    const NAME: &'static str = "stress";

    fn check(&self, problems: &mut Problems<'_>) {
        let mut factors = BTreeSet::new();
        let by_class = [
            ("index", &self.class_betas.index),
            ("fund", &self.class_betas.fund),
            ("stock", &self.class_betas.stock),
        ];
        let by_class = by_class.map(|(class, betas)| (format!("class_betas.{class}"), betas));
        let by_symbol = self.symbol_betas.iter();
        let by_symbol = by_symbol.map(|(symbol, betas)| (format!("symbol_betas.{symbol}"), betas));
        for (path, betas) in by_class.into_iter().chain(by_symbol) {
            for (factor, beta) in betas {
                factors.insert(factor.as_str());
                refuse(
                    problems,
                    &format!("{path}.{factor}"),
                    *beta,
                    -1_000.0,
                    1_000.0,
                );
            }
        }
        let mut names = BTreeSet::new();
        for (place, scenario) in self.scenarios.iter().enumerate() {
            let path = format!("scenarios[{place}]");
            if !names.insert(&scenario.name) {
                let message = format!("\"{}\" must be there once", scenario.name);
                problems.refuse(&format!("{path}.name"), &message);
            }
            let spot = &scenario.spot;
            for (class, share) in [
                ("index", spot.index),
                ("fund", spot.fund),
                ("stock", spot.stock),
            ] {
                refuse(
                    problems,
                    &format!("{path}.spot.{class}"),
                    share,
                    FALL_MAX,
                    10.0,
                );
            }
            for (symbol, share) in &scenario.symbols {
                refuse(
                    problems,
                    &format!("{path}.symbols.{symbol}"),
                    *share,
                    FALL_MAX,
                    10.0,
                );
            }
            for (factor, size) in &scenario.factors {
                let path = format!("{path}.factors.{factor}");
                refuse(problems, &path, *size, -1_000.0, 1_000.0);
                if !factors.contains(factor.as_str()) {
                    problems.refuse(&path, "is a factor that no beta of `stress` names");
                }
            }
        }
    }
}

fn refuse(problems: &mut Problems<'_>, path: &str, found: f64, least: f64, most: f64) {
    if !(least..=most).contains(&found) {
        let message = format!("{found} is not allowed, must be {least} to {most}");
        problems.refuse(path, &message);
    }
}

impl StressConfig {
    /// What `scenario` does to `symbol`.
    #[must_use]
    pub fn shock(&self, scenario: &Scenario, symbol: Ticker, class: AssetClass) -> Shock {
        let own = scenario.symbols.get(&symbol);
        let direct = own.unwrap_or(scenario.spot.of(class));
        let by_factors: f64 = scenario
            .factors
            .iter()
            .map(|(factor, size)| size * self.beta(symbol, class, factor))
            .sum();
        Shock {
            step: Move {
                underlying_return: (direct + by_factors).max(FALL_MAX),
                iv_change: scenario.iv_change,
            },
            rate_change: scenario.rate_change,
            years: scenario.days / DAYS_PER_YEAR,
        }
    }

    fn beta(&self, symbol: Ticker, class: AssetClass, factor: &str) -> f64 {
        let own = self.symbol_betas.get(&symbol);
        let own = own.and_then(|betas| betas.get(factor));
        let class = self.class_betas.of(class).get(factor);
        own.or(class).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use engine::config::Layers;

    pub(crate) const TEXT: &str = "\
stress:
  every_s: 900
  settle_s: 5
  valid_ms: 1000
  class_betas: {index: {oil: 0.1}, fund: {oil: 0.1, dollar: -0.5}, stock: {}}
  symbol_betas: {XLE: {oil: 0.9}}
  scenarios:
    - {name: down, spot: {index: -0.05, fund: -0.05, stock: -0.10}, symbols: {AAA: -0.3}, iv_change: 0.1}
    - {name: oil, factors: {oil: -0.2, dollar: 0.04}, rate_change: 0.01, days: 73}
    - {name: still}
";

    pub(crate) fn config(text: &str) -> Result<StressConfig, String> {
        let mut config = Layers::new(text).load().map_err(|error| error.show())?;
        config.section().map_err(|error| error.show())
    }

    fn ticker(name: &str) -> Ticker {
        Ticker::new(name).unwrap()
    }

    #[test]
    fn a_symbol_stands_above_its_class_and_factors_add_up() {
        let config = config(TEXT).unwrap();
        let moved = |place: usize, name: &str, class| {
            let shock = config.shock(&config.scenarios[place], ticker(name), class);
            shock.step.underlying_return
        };
        let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-12, "{found}");
        near(moved(0, "BBB", AssetClass::Stock), -0.10);
        near(moved(0, "AAA", AssetClass::Stock), -0.30);
        near(moved(1, "SPX", AssetClass::Index), -0.02);
        near(moved(1, "SPY", AssetClass::Fund), -0.02 - 0.02);
        // Its own beta to oil, its class's to the dollar.
        near(moved(1, "XLE", AssetClass::Fund), -0.18 - 0.02);
        near(moved(2, "SPY", AssetClass::Fund), 0.0);
        let shock = config.shock(&config.scenarios[1], ticker("SPY"), AssetClass::Fund);
        near(shock.years, 0.2);
        near(shock.rate_change, 0.01);
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_path() {
        let told = |from: &str, to: &str| config(&TEXT.replace(from, to)).unwrap_err();
        let twice = told("name: still", "name: oil");
        assert!(twice.contains("stress.scenarios[2].name"), "{twice}");
        let factor = told("dollar: 0.04", "gold: 0.04");
        assert!(factor.contains("scenarios[1].factors.gold"), "{factor}");
        assert!(factor.contains("no beta"), "{factor}");
        let fall = told("stock: -0.10", "stock: -1.2");
        assert!(
            fall.contains("spot.stock") && fall.contains("-0.99"),
            "{fall}"
        );
        let beta = told("oil: 0.9", "oil: .nan");
        assert!(beta.contains("symbol_betas.XLE.oil"), "{beta}");
        let days = told("days: 73", "days: -1");
        assert!(days.contains("scenarios[1].days"), "{days}");
    }
}
