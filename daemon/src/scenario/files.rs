//! Where scenarios are found: by path, in the folder `scenarios`, or inside the program.

use crate::exit::Failure;
use std::path::{Path, PathBuf};

/// The scenario that runs when none is named.
pub const DEFAULT: &str = "full_day";

/// A file of the folder `scenarios`: its name and its text.
macro_rules! embedded {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("../../../scenarios/", $name, ".yaml")),
        )
    };
}

/// Scenarios inside the program, so that an installed one runs anywhere: name and text.
pub const BUILT_IN: [(&str, &str); 13] = [
    embedded!("full_day"),
    embedded!("half_day"),
    embedded!("gamma_squeeze"),
    embedded!("feed_outage"),
    embedded!("halt"),
    embedded!("garbage_quotes"),
    embedded!("overrun"),
    embedded!("goog_2015_12"),
    embedded!("ticks_2013_10"),
    embedded!("amzn_2012_06_21"),
    embedded!("spx_2022_03_23"),
    embedded!("qqq_2023_05_10"),
    embedded!("twx_2014_06_05"),
];

/// The folder of scenarios that are asked for by name.
const FOLDER: &str = "scenarios";

/// The text of a scenario and what errors call it.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file, or `built-in/NAME.yaml`.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// Finds a scenario: a path, or a name in the folder `scenarios` or inside the program.
///
/// # Errors
/// If there is none, with the names there are; or it cannot be read.
pub fn find(asked: &str) -> Result<Text, Failure> {
    let path = Path::new(asked);
    let is_name = path.components().count() == 1 && path.extension().is_none();
    if !is_name || path.is_file() {
        return open(path);
    }
    let in_folder = Path::new(FOLDER).join(format!("{asked}.yaml"));
    if in_folder.is_file() {
        return open(&in_folder);
    }
    match BUILT_IN.iter().find(|(name, _)| *name == asked) {
        Some((name, text)) => Ok(Text {
            file: format!("built-in/{name}.yaml"),
            text: (*text).to_owned(),
        }),
        None => Err(Failure::config(format_args!(
            "scenario \"{asked}\" is neither a file nor one of {}",
            names().join(", ")
        ))),
    }
}

/// The names that [`find`] knows, sorted.
fn names() -> Vec<String> {
    let mut names: Vec<String> = BUILT_IN
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    for path in in_folder() {
        let stem = path
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned());
        names.extend(stem);
    }
    names.sort();
    names.dedup();
    names
}

/// The scenario files in the folder `scenarios`, sorted; none if there is no such folder.
#[must_use]
pub(crate) fn in_folder() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    paths.sort();
    paths
}

pub(crate) fn open(path: &Path) -> Result<Text, Failure> {
    let file = path.display().to_string();
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Text { file, text }),
        Err(error) => Err(Failure::config(format_args!(
            "scenario {file} could not be read: {error}"
        ))),
    }
}
