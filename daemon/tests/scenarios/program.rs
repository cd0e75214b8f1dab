//! Runs the real program on the scenarios of the repository.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The root of the recorded data, where there are any.
pub(crate) fn data() -> Option<PathBuf> {
    let found = std::env::var_os("ALPHATRADER_DATA").map(PathBuf::from)?;
    // Tests run in the folder of the crate, the variable was set somewhere else.
    Some(if found.is_relative() {
        root().join(found)
    } else {
        found
    })
}

/// What the program says as JSON; it must end well.
pub(crate) fn json(arguments: &[&str]) -> Result<Value, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphatrader"));
    command.args(arguments).arg("--json").current_dir(root());
    // Nothing in the environment of whoever runs the tests may change a golden.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ALPHATRADER__") {
            command.env_remove(name);
        }
    }
    if let Some(data) = data() {
        command.env("ALPHATRADER_DATA", data);
    }
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!(
            "{arguments:?} ended with {}: {words}",
            output.status
        ));
    }
    Ok(serde_json::from_slice(&output.stdout).unwrap())
}

/// Runs a scenario of the folder.
pub(crate) fn simulate(name: &str, more: &[&str]) -> Result<Value, String> {
    let file = format!("scenarios/{name}.yaml");
    json(&[&["simulate", &file], more].concat())
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
