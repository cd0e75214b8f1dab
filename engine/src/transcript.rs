//! What happened in a run, a line each: the text that goldens hold.
//!
//! Everything in it is a function of seed, config and inbox. Lines are kept while somebody reads them
//! ([`Transcript::keep`]) and always counted into the SHA-256.
//!
//! [`Transcript::keep`]: crate::transcript::Transcript::keep

use bevy_ecs::prelude::Resource;
use components::units::Timestamp;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The lines of a run.
#[derive(Resource)]
pub struct Transcript {
    hash: Sha256,
    line: String,
    kept: Option<String>,
    lines: u64,
    now: Timestamp,
    zone: jiff::tz::TimeZone,
}

impl Default for Transcript {
    fn default() -> Self {
        Self {
            hash: Sha256::new(),
            line: String::new(),
            kept: None,
            lines: 0,
            now: Timestamp(0),
            zone: new_york(),
        }
    }
}

impl std::fmt::Debug for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transcript")
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

impl Transcript {
    /// Keeps the text from now on, for a file or a golden.
    pub fn keep(&mut self) {
        self.kept.get_or_insert_default();
    }

    /// Takes the text kept so far.
    pub fn take(&mut self) -> String {
        self.kept.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Lines so far.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.lines
    }

    /// The SHA-256 of all lines so far, in hexadecimal.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.hash.clone().finalize() {
            write!(text, "{byte:02x}").expect("Invariant: a String takes every write");
        }
        text
    }

    /// Adds a line without a time: the header and the summary.
    pub fn plain(&mut self, text: std::fmt::Arguments<'_>) {
        self.line.clear();
        self.finish(text);
    }

    /// Adds a line that begins with the tick's time in New York.
    pub fn line(&mut self, text: std::fmt::Arguments<'_>) {
        let now = jiff::Timestamp::from(self.now).to_zoned(self.zone.clone());
        self.line.clear();
        write!(self.line, "{} ", now.strftime("%Y-%m-%d %H:%M:%S%.3f"))
            .expect("Invariant: a String takes every write");
        self.finish(text);
    }

    /// The time of the lines to come.
    pub(crate) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    fn finish(&mut self, text: std::fmt::Arguments<'_>) {
        writeln!(self.line, "{text}").expect("Invariant: a String takes every write");
        self.hash.update(self.line.as_bytes());
        self.lines += 1;
        if let Some(kept) = &mut self.kept {
            kept.push_str(&self.line);
        }
    }
}

fn new_york() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("America/New_York").expect("Invariant: the zone data are bundled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_carry_new_york_time_and_change_the_hash() {
        let mut transcript = Transcript::default();
        transcript.keep();
        transcript.set_now(Timestamp(1_450_963_800_250_000_000));
        transcript.line(format_args!("signal {}", 1));
        let one = transcript.sha256();
        transcript.plain(format_args!("end"));
        assert_ne!(one, transcript.sha256());
        assert_eq!(transcript.take(), "2015-12-24 08:30:00.250 signal 1\nend\n");
        assert_eq!(transcript.lines(), 2);
    }
}
