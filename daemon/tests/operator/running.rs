//! Runs the real program, some of it in the background.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// A day at which strategies trade from the first minute, long enough at any speed.
const SCENARIO: &str = "\
seed: 5
start: 2026-03-02T09:44:00-05:00[America/New_York]
ticks: 20000
market: { underlyings: 2, contracts_per_chain: 100 }
";

/// Looks before something is given up, 20 ms apart: the machine may have more to do than this.
const LOOKS: u32 = 3_000;

/// A folder with a scenario.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("day.yaml"), SCENARIO).unwrap();
        Self(folder)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Starts a run with `flags`.
    pub(crate) fn simulate(&self, flags: &[&str]) -> Child {
        command(["simulate", "--json", &self.text("day.yaml")])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Asks the engine of the state directory `state`.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Output {
        let state = self.text("state");
        let output = command(arguments)
            .args(["--json", "--state-dir", &state])
            .output();
        output.unwrap()
    }

    /// What a command was answered with, which must be a document.
    pub(crate) fn asked(&self, arguments: &[&str]) -> Value {
        document(&self.ask(arguments))
    }

    /// Waits until the engine's status is as wanted, and returns it.
    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut last = String::new();
        wait(|| {
            let output = self.ask(&["status"]);
            last = String::from_utf8_lossy(&output.stdout).into_owned();
            last.push_str(&String::from_utf8_lossy(&output.stderr));
            let status = serde_json::from_slice(&output.stdout).ok()?;
            is_so(&status).then_some(status)
        })
        .unwrap_or_else(|| panic!("{what} did not come: {last}"))
    }
}

/// The program with `arguments`.
pub(crate) fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_alphatrader"));
    command.args(arguments).env_remove("ALPHATRADER_STATE_DIR");
    command
}

/// Looks every 20 ms until there is something.
pub(crate) fn wait<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    for _ in 0..LOOKS {
        if let Some(found) = look() {
            return Some(found);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    None
}

/// The document on stdout of a program that ended well.
pub(crate) fn document(output: &Output) -> Value {
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Sends a signal such as `-INT`.
pub(crate) fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Ends a run with SIGINT and returns its summary.
pub(crate) fn stopped(child: Child) -> Value {
    signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("was stopped after"), "{words}");
    let summary: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["stopped"], true);
    summary
}
