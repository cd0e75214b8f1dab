//! Memory, processor time and wall time used by this process.

use std::time::{Duration, Instant};

/// `/proc/self/stat` counts in 1/100 s on every Linux port, whatever the kernel's own tick.
const CLOCK_TICKS_PER_SECOND: f64 = 100.0;

/// The most memory this process has held in RAM, in bytes; `None` where the system does not say
/// (it is read from Linux's `/proc`).
#[must_use]
pub fn peak_rss_bytes() -> Option<u64> {
    peak_rss_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// Processor seconds used by all threads so far, in steps of 10 ms; `None` where the system does
/// not say (it is read from Linux's `/proc`).
#[must_use]
pub fn cpu_seconds() -> Option<f64> {
    cpu_seconds_in(&std::fs::read_to_string("/proc/self/stat").ok()?)
}

/// A watch for what a run took, started when it is made.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// A watch that runs from now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "how long a run took is told to people and never read by a system"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Milliseconds since 1970 by the host's clock: the number of a run on a mirror, and nothing that a
/// decision rests on.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "a run on a mirror is told apart from the one before by when it began"
)]
pub fn host_millis() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or(0)
}

fn peak_rss_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn cpu_seconds_in(stat: &str) -> Option<f64> {
    // The second field is the program's name in brackets and may hold anything.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
    let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
    Some(user.checked_add(system)? as f64 / CLOCK_TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_read_in_bytes() {
        let status = "Name:\tx\nVmPeak:\t  999 kB\nVmHWM:\t  1234 kB\nVmRSS:\t 1000 kB\n";
        assert_eq!(peak_rss_in(status), Some(1_263_616));
        assert_eq!(peak_rss_in("Name:\tx\n"), None);
    }

    #[test]
    fn processor_time_is_user_and_system_time_whatever_the_programs_name() {
        let stat = "42 (a) b (c) R 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 1 0 5 6 7";
        assert_eq!(cpu_seconds_in(stat), Some(2.0));
        assert_eq!(cpu_seconds_in("42 (x) R 1 2"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_uses_memory_and_time() {
        assert!(peak_rss_bytes().unwrap() > 100_000);
        assert!(cpu_seconds().is_some());
    }
}
