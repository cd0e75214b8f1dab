//! Many seeds on many threads. A seed is one thread's; the order of the results is that of the seeds,
//! whoever was faster.

use super::SeedRange;
use super::plan::{MirrorKind, Plan};
use super::table::Totals;
use super::verdict::{Verdict, try_seed, try_twice};
use crate::exit::Failure;
use auditor::Violation;
use engine::ports::FeedError;
use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// Every so many seeds the mirror's kind must change nothing (I38).
const MIRROR_EVERY: u64 = 16;

thread_local! {
    /// Whether panics of this thread are part of a seed and say nothing.
    static HUSHED: Cell<bool> = const { Cell::new(false) };
}

/// The seeds of a run.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The short ones.
    pub range: SeedRange,
    /// Whole sessions besides.
    pub full_sessions: u64,
    /// Every so many seeds are lived through twice.
    pub repeat_every: u64,
    /// Threads.
    pub threads: usize,
}

impl Seeds {
    /// How many there are.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is at least one")]
    pub fn len(&self) -> u64 {
        self.range.until - self.range.from + self.full_sessions
    }

    /// The seed at `place`, and whether it is a whole session. Those come first: they take longest.
    fn at(&self, place: u64) -> (u64, bool) {
        match place.checked_sub(self.full_sessions) {
            Some(short) => (self.range.from + short, false),
            None => (self.range.from + place, true),
        }
    }
}

/// Runs the seeds, with a planted fault if one is wanted, and tells `done` how many are over.
///
/// # Errors
/// When a seed cannot be made.
pub fn run_seeds(
    seeds: &Seeds,
    bug: Option<u8>,
    mut done: impl FnMut(u64),
) -> Result<Totals, Failure> {
    let next = AtomicU64::new(0);
    let (send, receive) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..seeds.threads {
            let (send, next) = (send.clone(), &next);
            scope.spawn(move || {
                plant(bug);
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= seeds.len() {
                        return;
                    }
                    let (seed, full) = seeds.at(place);
                    let repeats = seed % seeds.repeat_every == 0 && !full;
                    let verdict = quietly(|| run_seed(seed, full, repeats));
                    if send.send((place, full, repeats, verdict)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut totals = Totals::default();
        let mut early = BTreeMap::new();
        let mut place = 0;
        for (at, full, repeats, verdict) in receive {
            early.insert(at, (full, repeats, verdict));
            while let Some((full, repeats, verdict)) = early.remove(&place) {
                let (seed, _) = seeds.at(place);
                let verdict = verdict.map_err(|error| {
                    next.store(u64::MAX / 2, Ordering::Relaxed);
                    Failure::error(format_args!("seed {seed} could not be made: {error}"))
                })?;
                totals.add(verdict, full, repeats);
                place += 1;
                done(place);
            }
        }
        Ok(totals)
    })
}

/// Lives through a seed. A panic in it is a violation like any other.
///
/// # Errors
/// When the seed cannot be made.
pub fn run_seed(seed: u64, full: bool, repeats: bool) -> Result<Verdict, FeedError> {
    let plan = if full {
        Plan::full_session(seed)
    } else {
        Plan::short(seed)
    };
    let tried = std::panic::catch_unwind(|| {
        if repeats {
            try_twice(&plan, &plan, 35)
        } else if !full && seed % MIRROR_EVERY == MIRROR_EVERY / 2 {
            // What a mirror adds to a frame is bytes of digests, and a disk that fails fails by bytes:
            // the disks of both are sound.
            let mut plan = plan.clone();
            plan.disk = journal::Rates::default();
            plan.deaths.iter_mut().for_each(|death| {
                death.power = false;
                death.nested = 0;
            });
            let mut other = plan.clone();
            other.mirror = match plan.mirror {
                MirrorKind::Gone => MirrorKind::Failing,
                _ => MirrorKind::Gone,
            };
            try_twice(&plan, &other, 38)
        } else {
            try_seed(&plan)
        }
    });
    tried.unwrap_or_else(|panic| {
        Ok(Verdict {
            seed,
            violations: vec![Violation {
                invariant: 0,
                tick: 0,
                at: plan.instant(0),
                what: words(&*panic),
            }],
            ..Verdict::default()
        })
    })
}

/// What a panic said.
#[must_use]
pub fn words(panic: &(dyn Any + Send)) -> String {
    let what = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a message");
    format!("a panic: {what}")
}

/// Plants a fault in this thread, where the program is built for that.
pub fn plant(bug: Option<u8>) {
    #[cfg(feature = "planted_bugs")]
    engine::planted::plant(bug.map(engine::planted::Bug));
    #[cfg(not(feature = "planted_bugs"))]
    let _ = bug;
}

/// Lets panics inside [`quietly`] say nothing: a killed process is one, and thousands are killed.
pub fn hush() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !HUSHED.get() {
            others(panic);
        }
    }));
}

/// Does something whose panics are results.
pub fn quietly<T>(act: impl FnOnce() -> T) -> T {
    HUSHED.set(true);
    let done = act();
    HUSHED.set(false);
    done
}
