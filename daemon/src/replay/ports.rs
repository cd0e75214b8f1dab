//! Clock and feeds of a replay. The clock reads the next frame; the feeds hand out what is in it.
//!
//! Events keep the feed they came from. What the broker reported was merged after everything else,
//! so it comes through the execution port here as well.

use crate::recovery::initial_ledger;
use components::contract::Expiry;
use components::market::Ticker;
use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::Tick;
use engine::directory::{Directory, Listings};
use engine::event::{EventKind, FeedId};
use engine::frame::{Frame, Header};
use engine::inbox::Inbox;
use engine::ports::{Clock, Feed, FeedError};
use engine::record::{Cause, Record, RunStart};
use journal::{Error, JournalReader, RecordedTick, TornTail};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use systems::books::Books;
use systems::ledger::Ledger;

/// The journal and the frame of the tick being run, shared by clock and feeds.
#[derive(Clone)]
pub struct Recording(Arc<Mutex<State>>);

struct State {
    reader: JournalReader,
    tick: Option<RecordedTick>,
    /// The first tick of the run after this one.
    next: Option<RecordedTick>,
    /// Whether the run has had a tick.
    begun: bool,
    /// What the runs so far came to, without the one that is being replayed.
    ledger: Option<Ledger>,
    /// What was folded of the run being replayed.
    folding: Option<Ledger>,
    failure: Option<Error>,
}

impl Recording {
    pub(super) fn new(reader: JournalReader) -> Self {
        Self(Arc::new(Mutex::new(State {
            reader,
            tick: None,
            next: None,
            begun: false,
            ledger: None,
            folding: None,
            failure: None,
        })))
    }

    /// The run that the next tick begins, if there is one; what the runs before left is folded.
    ///
    /// # Errors
    /// When the header of the run cannot be read.
    pub(super) fn next_run(&self) -> Result<Option<NextRun>, Error> {
        let mut state = self.state();
        let state = &mut *state;
        if state.next.is_none() {
            state.next = state.take_tick();
        }
        let Some(next) = &state.next else {
            return Ok(None);
        };
        let header = state.reader.header_here()?;
        let starts = |record: &Record| matches!(record, Record::RunStarted(_));
        let place = next.frame.records.iter().position(starts);
        let run = place.and_then(|place| match &next.frame.records[place] {
            Record::RunStarted(run) => Some(run.clone()),
            _ => None,
        });
        let found = |record: &&Record| is_found_by_a_start(record);
        let opening = place.map_or_else(Vec::new, |place| {
            let after = next.frame.records[place + 1..].iter();
            after.take_while(found).cloned().collect()
        });
        if state.folding.is_none() {
            state.folding = Some(initial_ledger(&header));
        } else {
            state.ledger.clone_from(&state.folding);
        }
        state.begun = false;
        state.tick = None;
        Ok(Some(NextRun {
            run: run.unwrap_or_else(|| header.run.clone()),
            header,
            opening,
            ledger: state.ledger.clone(),
        }))
    }

    /// Shows `look` the tick that ran last; before the first there is none.
    pub(super) fn with_tick(&self, look: impl FnOnce(&RecordedTick)) {
        if let Some(tick) = &self.state().tick {
            look(tick);
        }
    }

    /// The run's digest before the tick that ran last, as it was recorded; 0 before the first.
    #[must_use]
    pub fn digest_before(&self) -> u64 {
        let state = self.state();
        state
            .tick
            .as_ref()
            .map_or(0, |tick| tick.frame.digest_before)
    }

    /// Why the journal ended early.
    pub(super) fn failure(&self) -> Option<Error> {
        self.state().failure.take()
    }

    /// The torn tail, once the journal has been read to its end.
    pub(super) fn torn(&self) -> Option<TornTail> {
        self.state().reader.torn()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A run of a journal.
pub(super) struct NextRun {
    pub(super) run: RunStart,
    pub(super) header: Header,
    /// What the start found: restrictions.
    pub(super) opening: Vec<Record>,
    /// What the runs before left; none before the first.
    pub(super) ledger: Option<Ledger>,
}

/// Whether a start enters this of its own accord, from what it found: no system decides it.
fn is_found_by_a_start(record: &Record) -> bool {
    matches!(
        record,
        Record::Latched {
            cause: Cause::JournalLoss | Cause::UncleanExit,
            ..
        }
    )
}

/// The tick of a frame; `None` if its session has no date that exists.
pub(crate) fn tick_of(frame: &Frame) -> Option<Tick> {
    let (date, open, close) = frame.session;
    let date = Expiry::try_from(date).ok()?;
    Some(Tick {
        number: frame.tick,
        now: frame.now,
        session: Session {
            date: date.date(),
            open,
            close,
            early_close: is_early(open, close),
        },
        opens_session: frame.opens_session,
        skipped: frame.skipped,
        jumped_ms: frame.jumped_ms,
    })
}

impl State {
    /// The next tick of the journal; the end of a run is none.
    fn take_tick(&mut self) -> Option<RecordedTick> {
        loop {
            match self.reader.next()? {
                Ok(recorded) if recorded.frame.records.last() == Some(&Record::Stopped) => {
                    self.fold(&recorded.frame);
                }
                Ok(recorded) => return Some(recorded),
                Err(error) => {
                    self.failure = Some(error);
                    return None;
                }
            }
        }
    }

    /// Enters a frame into what the next run starts with.
    fn fold(&mut self, frame: &Frame) {
        if let Some(ledger) = &mut self.folding {
            // A frame that contradicts itself has been found by the comparison.
            let _ = Books::fold(ledger, frame);
        }
    }
}

/// The ticks of one run of a journal.
pub(super) struct ReplayClock(Recording);

impl ReplayClock {
    pub(super) fn new(recording: &Recording) -> Self {
        Self(recording.clone())
    }
}

impl Clock for ReplayClock {
    fn next(&mut self) -> Option<Tick> {
        let mut state = self.0.state();
        let state = &mut *state;
        let recorded = match state.next.take() {
            Some(recorded) => recorded,
            None => state.take_tick()?,
        };
        let starts = |record: &Record| matches!(record, Record::RunStarted(_));
        if state.begun && recorded.frame.records.iter().any(starts) {
            state.next = Some(recorded);
            return None;
        }
        state.begun = true;
        state.fold(&recorded.frame);
        let tick = tick_of(&recorded.frame)?;
        state.tick = Some(recorded);
        Some(tick)
    }
}

/// Whether a session is shorter than 9:30 to 16:00.
fn is_early(open: Timestamp, close: Timestamp) -> bool {
    const WHOLE_S: f64 = 6.5 * 3600.0;
    close.seconds_since(open) < WHOLE_S
}

/// One of the recorded feeds: the first hands out what all but the last reported, the last what the
/// broker reported; those between are there for their names and numbers.
pub(super) struct ReplayFeed {
    recording: Recording,
    name: String,
    stale_after_ms: i64,
    is_first: bool,
    is_execution: bool,
    tickers: Vec<Ticker>,
}

impl ReplayFeed {
    pub(super) fn new(
        recording: &Recording,
        name: &str,
        stale_after_ms: i64,
        is_first: bool,
        is_execution: bool,
    ) -> Self {
        Self {
            recording: recording.clone(),
            name: name.to_owned(),
            stale_after_ms,
            is_first,
            is_execution,
            tickers: Vec::new(),
        }
    }
}

impl Feed for ReplayFeed {
    fn name(&self) -> &str {
        &self.name
    }

    fn stale_after_ms(&self) -> i64 {
        self.stale_after_ms
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if !self.is_first || self.is_execution {
            return Ok(());
        }
        let state = self.recording.state();
        for event in state.tick.iter().flat_map(|tick| &tick.market) {
            match &event.kind {
                EventKind::SymbolListed { ticker, .. } => {
                    self.tickers.push(*ticker);
                    listings.symbol(*ticker);
                }
                EventKind::ContractListed { symbol, terms, .. } => {
                    if let Some(ticker) = self.tickers.get(symbol.0 as usize) {
                        listings.contract(*ticker, *terms);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn drain(
        &mut self,
        _tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let state = self.recording.state();
        let Some(tick) = &state.tick else {
            return Ok(());
        };
        if self.is_execution {
            inbox.extend(tick.frame.reports.iter().cloned());
        } else if self.is_first {
            let events = tick.market.iter();
            inbox.extend(events.filter(|event| event.feed != FeedId::ENGINE).cloned());
        }
        Ok(())
    }
}
