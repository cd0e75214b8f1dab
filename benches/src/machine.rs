//! Where it was measured.

use serde::{Deserialize, Serialize};
use std::process::Command;

/// The machine and the state of the code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// The processor's name.
    pub(crate) cpu: String,
    /// Cores that this process may use.
    pub(crate) cores: usize,
    /// The compiler.
    pub(crate) rustc: String,
    /// The commit, with `+` if files differ from it.
    pub(crate) commit: String,
}

impl Machine {
    /// Looks at the machine; what it does not say is "unknown".
    pub(crate) fn look() -> Self {
        let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let commit = said(Command::new("git").args(["rev-parse", "--short=12", "HEAD"]));
        let changed = said(Command::new("git").args(["status", "--porcelain", "-uno"]));
        Self {
            cpu: cpu_in(&info).unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            rustc: said(Command::new("rustc").arg("--version"))
                .unwrap_or_else(|| "unknown".to_owned()),
            commit: match (commit, changed) {
                (Some(commit), Some(_)) => format!("{commit}+"),
                (Some(commit), None) => commit,
                _ => "unknown".to_owned(),
            },
        }
    }
}

/// What a program says, if it says something.
fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn cpu_in(info: &str) -> Option<String> {
    let line = info.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_named() {
        let info = "processor\t: 0\nmodel name\t: A Fine CPU @ 2 GHz\nmodel name\t: B\n";
        assert_eq!(cpu_in(info).as_deref(), Some("A Fine CPU @ 2 GHz"));
        assert_eq!(cpu_in("processor: 0\n"), None);
    }
}
