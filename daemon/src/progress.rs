//! How far a long run is: a bar with rate and ETA on a terminal, else a line every 10 s.

use crate::resources::Stopwatch;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Nothing is shown before this: a run that ends by then needs no progress.
const QUIET: Duration = Duration::from_secs(2);

/// Without a terminal a line is written this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// The progress of a run, on stderr.
#[derive(Debug)]
pub struct Progress {
    what: &'static str,
    total: Option<u64>,
    watch: Stopwatch,
    shown: Shown,
}

#[derive(Debug)]
enum Shown {
    /// Not yet: the run is young.
    Nothing,
    Bar(ProgressBar),
    Lines {
        next: Duration,
    },
}

impl Progress {
    /// The progress of a run over `total` steps, such as `ticks`; `None` if nobody knows.
    #[must_use]
    pub fn new(what: &'static str, total: Option<u64>) -> Self {
        let shown = if std::io::stderr().is_terminal() {
            Shown::Nothing
        } else {
            Shown::Lines { next: LINE_EVERY }
        };
        Self {
            what,
            total,
            watch: Stopwatch::start(),
            shown,
        }
    }

    /// Tells that `done` steps have been taken. Cheap, but not for every tick.
    pub fn at(&mut self, done: u64) {
        let elapsed = self.watch.elapsed();
        match &mut self.shown {
            Shown::Nothing if elapsed >= QUIET => {
                let bar = bar(self.what, self.total).with_elapsed(elapsed);
                bar.set_position(done);
                self.shown = Shown::Bar(bar);
            }
            Shown::Bar(bar) => bar.set_position(done),
            Shown::Lines { next } if elapsed >= *next => {
                *next = elapsed + LINE_EVERY;
                let line = line(self.what, done, self.total, elapsed);
                // Progress is worth no error.
                let _ = writeln!(std::io::stderr(), "{line}");
            }
            Shown::Nothing | Shown::Lines { .. } => {}
        }
    }

    /// Takes the bar away.
    pub fn finish(&mut self) {
        if let Shown::Bar(bar) = &self.shown {
            bar.finish_and_clear();
        }
    }
}

fn bar(what: &str, total: Option<u64>) -> ProgressBar {
    let template = if total.is_some() {
        format!("[{{bar:32}}] {{human_pos}}/{{human_len}} {what}, {{per_sec}}, ETA {{eta}}")
    } else {
        format!("{{spinner}} {{human_pos}} {what}, {{per_sec}}")
    };
    let style = ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ");
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(5));
    bar.set_style(style);
    bar
}

fn line(what: &str, done: u64, total: Option<u64>, elapsed: Duration) -> String {
    let seconds = elapsed.as_secs_f64();
    let rate = done as f64 / seconds;
    match total {
        Some(total) if rate > 0.0 => format!(
            "{done} of {total} {what}, {rate:.0} per s, {:.0} s to go",
            total.saturating_sub(done) as f64 / rate
        ),
        _ => format!("{done} {what} in {seconds:.0} s, {rate:.0} per s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_holds_rate_and_eta() {
        let tens = Duration::from_secs(10);
        assert_eq!(
            line("ticks", 1_000, Some(4_000), tens),
            "1000 of 4000 ticks, 100 per s, 30 s to go"
        );
        assert_eq!(line("ticks", 0, Some(9), tens), "0 ticks in 10 s, 0 per s");
        assert_eq!(line("rows", 50, None, tens), "50 rows in 10 s, 5 per s");
    }
}
