//! The layered configuration as a program meets it: every wrong text gets its sentence.

#![expect(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

mod layers;
mod messages;
mod properties;

use std::collections::BTreeMap;

use engine::config::{Config, ConfigError, Layers, Problems, Section, within};
use garde::Validate;
use serde::Deserialize;

const DEFAULT: &str = "\
vpin:
  buckets: 50
  window: 20
  sigma: 0.5
  method: bvc
  tiers: [{name: a, size: 1}]
signals:
  zero_dte: {min_confidence: 60}
";

#[derive(Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Vpin {
    #[garde(custom(within(1, 500)))]
    buckets: u32,
    #[garde(range(min = 2, max = 390))]
    window: u16,
    #[garde(custom(within(0.0, 1.0)))]
    sigma: f64,
    #[garde(skip)]
    method: Method,
    #[garde(length(min = 1), dive)]
    tiers: Vec<Tier>,
    #[serde(default)]
    #[garde(skip)]
    note: Option<String>,
    #[serde(default)]
    #[garde(skip)]
    vendor_key: Option<Code>,
    #[serde(default)]
    #[garde(skip)]
    pair: Option<(u8, bool)>,
    #[serde(default)]
    #[garde(skip)]
    by_day: BTreeMap<u8, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    Bvc,
    Tick,
    LeeReady { lag_ms: u32 },
    Custom(String),
}

#[derive(Debug, PartialEq, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Tier {
    #[garde(skip)]
    name: String,
    #[garde(custom(within(1, 9)))]
    size: u8,
}

/// A bounded newtype whose own error repeats the value.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(try_from = "String")]
struct Code(String);

impl TryFrom<String> for Code {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len() == 4 {
            Ok(Self(text))
        } else {
            Err(format!("{text} must have 4 letters"))
        }
    }
}

impl Section for Vpin {
    const NAME: &'static str = "vpin";

    fn check(&self, problems: &mut Problems<'_>) {
        if u32::from(self.window) > self.buckets {
            problems.refuse("window", "must be at most `buckets`");
        }
    }
}

#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct ZeroDte {
    #[garde(range(min = 0, max = 100))]
    min_confidence: u8,
}

impl Section for ZeroDte {
    const NAME: &'static str = "signals.zero_dte";
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
        .collect()
}

/// Asks for both sections of a configuration and then ends it.
fn finish(config: Result<Config, ConfigError>) -> Result<Vpin, ConfigError> {
    let mut config = config?;
    let vpin = config.section::<Vpin>();
    let zero_dte = config.section::<ZeroDte>();
    config.finish(&["ibkr"])?;
    zero_dte?;
    vpin
}

fn sentences(result: Result<Vpin, ConfigError>) -> String {
    result.map_or_else(|error| error.to_string(), |vpin| format!("{vpin:?}"))
}

/// Lays `yaml` over the default and compares everything that is said about it.
#[track_caller]
fn check(yaml: &str, expected: &str) {
    let config = Layers::new(DEFAULT).file("c.yaml", yaml).load();
    assert_eq!(sentences(finish(config)), expected, "{yaml}");
}

#[track_caller]
fn check_environment(yaml: &str, variables: &[(&str, &str)], expected: &str) {
    let layers = Layers::new(DEFAULT)
        .file("c.yaml", yaml)
        .environment(pairs(variables));
    assert_eq!(sentences(finish(layers.load())), expected, "{variables:?}");
}
