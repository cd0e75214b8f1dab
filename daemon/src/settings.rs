//! The merged config of a run: built-in defaults, files, environment, scenario.

use crate::assemble::{DEFAULT_CONFIG, DEFAULT_SIGNALS, default_files};
use crate::closes;
use crate::discover::file as discovered;
use crate::exit::Failure;
use crate::macro_series;
use engine::config::{Config, ConfigError, Layers, Node, Section, parse_file};
use garde::Validate;
use serde::Deserialize;
use serde_json::{Map, Value};
use simulator::ExchangeConfig;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which config a verb works with.
#[derive(clap::Args, Clone, Debug, Default)]
pub struct ConfigFiles {
    /// A config file laid over the built-in one; may be given more than once
    #[arg(long = "config", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The `exchange` section: the simulated exchange.
#[derive(Clone, Debug, Deserialize, Validate)]
#[serde(transparent)]
pub struct ExchangeSection(#[garde(dive)] pub ExchangeConfig);

impl Section for ExchangeSection {
    const NAME: &'static str = "exchange";
}

/// The names of the sections: everything else in a scenario is the scenario's own.
///
/// # Errors
/// If the built-in config is no YAML.
pub fn section_names() -> Result<Vec<String>, ConfigError> {
    let mut names = BTreeSet::new();
    let built_in = [("config/config.yaml", DEFAULT_CONFIG)];
    for (file, text) in built_in.into_iter().chain(default_files()) {
        names.extend(parse_file(file, text)?.keys().map(str::to_owned));
    }
    Ok(names.into_iter().collect())
}

/// Merges the built-in config, `files`, the environment and what a scenario overrides.
///
/// # Errors
/// If a file cannot be read or is not well-formed.
pub fn load(files: &ConfigFiles, overrides: Option<Node>) -> Result<Config, Failure> {
    let config = merge(files, overrides.clone(), Vec::new())?;
    let mut named = Vec::new();
    for (key, layer) in FILES.into_iter().chain(macro_files()) {
        let path = config
            .leaves()
            .find(|leaf| leaf.path == key)
            .and_then(|leaf| value_of(&leaf.value).as_str().map(PathBuf::from));
        if let Some(path) = path.filter(|path| !path.as_os_str().is_empty()) {
            named.push((path.display().to_string(), layer(key, &path)?));
        }
    }
    if named.is_empty() {
        Ok(config)
    } else {
        merge(files, overrides, named)
    }
}

/// The keys that name files which become part of the config, and how each becomes a layer.
type Layer = fn(&str, &Path) -> Result<String, Failure>;
const FILES: [(&str, Layer); 2] = [
    (closes::FILE_KEY, |_, path| closes::layer(path)),
    (discovered::FILE_KEY, |_, path| discovered::layer(path)),
];

fn macro_files() -> impl Iterator<Item = (&'static str, Layer)> {
    let keys = macro_series::FILE_KEYS.into_iter();
    keys.map(|key| (key, macro_series::layer as Layer))
}

/// Merges the layers, with the texts of more files over the others.
fn merge(
    files: &ConfigFiles,
    overrides: Option<Node>,
    last: Vec<(String, String)>,
) -> Result<Config, Failure> {
    let mut layers = Layers::new(DEFAULT_CONFIG);
    for (file, text) in default_files() {
        layers = layers.file(file, text);
    }
    for path in &files.files {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::config(format_args!("config {name} could not be read: {error}"))
        })?;
        layers = layers.file(name, text);
    }
    for (name, text) in last {
        layers = layers.file(name, text);
    }
    let variables = std::env::vars_os();
    layers =
        layers.environment(variables.filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        }));
    if let Some(overrides) = overrides {
        layers = layers.scenario(overrides);
        // A scenario's symbols replace every strategy's list: an empty one means all there are.
        for (file, text) in DEFAULT_SIGNALS {
            let signals = parse_file(file, text).map_err(refused)?;
            for name in signals.get("signals").map(Node::keys).into_iter().flatten() {
                let path = format!("signals.{name}.common.symbols");
                layers = layers.flag("scenario", path, "[]");
            }
        }
    }
    layers.load().map_err(refused)
}

/// The config of a run that a journal recorded.
///
/// # Errors
/// If the text is none that [`as_text`] made.
pub fn from_text(text: &str) -> Result<Config, ConfigError> {
    Layers::new(text).load()
}

/// The merged config as one document that is JSON and YAML alike, secrets redacted.
#[must_use]
pub fn as_text(config: &Config) -> String {
    let mut root = Value::Object(Map::new());
    for leaf in config.leaves() {
        put(&mut root, &leaf.path, value_of(&leaf.value));
    }
    root.to_string()
}

/// All that is wrong, each with its line of the file, as the end of a verb.
pub fn refused(error: ConfigError) -> Failure {
    Failure::config(error.show())
}

/// Puts a value where a path such as `signals.swing.common.symbols[0]` leads.
fn put(root: &mut Value, path: &str, value: Value) {
    let mut place = root;
    for part in path.split('.') {
        let (key, indices) = part
            .split_once('[')
            .map_or((part, ""), |(key, rest)| (key, rest));
        if !place.is_object() {
            *place = Value::Object(Map::new());
        }
        let Some(map) = place.as_object_mut() else {
            return;
        };
        place = map.entry(key).or_insert(Value::Null);
        for index in indices.split('[').filter(|index| !index.is_empty()) {
            let index: usize = index.trim_end_matches(']').parse().unwrap_or(0);
            if !place.is_array() {
                *place = Value::Array(Vec::new());
            }
            let Some(list) = place.as_array_mut() else {
                return;
            };
            if list.len() <= index {
                list.resize(index + 1, Value::Null);
            }
            place = &mut list[index];
        }
    }
    *place = value;
}

fn value_of(text: &str) -> Value {
    match text {
        "[]" => Value::Array(Vec::new()),
        "{}" => Value::Object(Map::new()),
        "(not set)" => Value::Null,
        // Numbers, booleans, null and quoted texts are written as JSON writes them.
        _ => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_config_survives_the_way_through_a_journal() {
        let config = load(&ConfigFiles::default(), None).unwrap();
        let again = from_text(&as_text(&config)).unwrap();
        let leaves = |config: &Config| {
            let mut leaves: Vec<_> = config
                .leaves()
                .map(|leaf| (leaf.path, value_of(&leaf.value).to_string()))
                .collect();
            leaves.sort();
            leaves
        };
        assert!(leaves(&config).len() > 20);
        assert_eq!(leaves(&config), leaves(&again));
    }

    #[test]
    fn paths_lead_into_lists_and_maps() {
        let mut root = Value::Null;
        put(&mut root, "a.b[1]", value_of("x"));
        put(&mut root, "a.b[0]", value_of("1.5"));
        put(&mut root, "a.c", value_of("[]"));
        assert_eq!(root, serde_json::json!({"a": {"b": [1.5, "x"], "c": []}}));
    }
}
