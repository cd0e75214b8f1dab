//! Drills: what no seed could tell. Each uses the real part, holds without the planted fault and
//! fails with it; the sentence says what was found.

use crate::assemble::{DEFAULT_CONFIG, Parts, assemble, default_files};
use crate::check::NoBroker;
use crate::interlock;
use crate::recovery::{Start, recover};
use auditor::{AuditLimits, Evidence, QueuePeak, audit};
use components::contract::{ContractId, OptionTerms};
use components::greeks::VendorGreeks;
use components::market::{LastTrade, Quote, Spot, SymbolId, Ticker};
use components::order::ExecutionId;
use components::units::{Cash, Price, Timestamp};
use engine::calendar::{Calendar, LAST_DATE, Session};
use engine::clock::{SteppedClock, TICK_MS, Tick, Window};
use engine::config::{Config, Layers};
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::frame::{FRAME_VERSION, Frame, Header};
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError, Journal};
use engine::random::Stream;
use engine::record::RunStart;
use engine::report::Report;
use journal::{Extent, JournalReader, Options, Rates, SimulatedDisk, segment_name};
use std::sync::Arc;
use systems::ingest::Counts;
use systems::ingest::refusal::Refusals;
use systems::ledger::Ledger;
use systems::ledger::execution::WAITING_CHARGES_MAX;

/// A full day of the calendar.
const DAY: jiff::civil::Date = jiff::civil::date(2026, 3, 6);
/// Ticks of garbage.
const GARBAGE_TICKS: i64 = 100;
/// Events of a tick of garbage.
const GARBAGE_EVENTS: usize = 40;
/// Frames of the journal that is damaged.
const FRAMES: u64 = 24;
/// Fees of a burst.
const FEES: u64 = 10_000;

/// What a sentence of a drill is made of where something did not even begin.
fn broken(error: impl std::fmt::Display) -> String {
    format!("the drill cannot be held: {error}")
}

/// I25: whatever feeds say, the world holds no price below zero or beyond the largest, and no
/// vendor's number that is none.
///
/// # Errors
/// The first value that should not be there.
pub fn garbage_at_the_door() -> Result<(), String> {
    let session = Calendar::nyse()
        .session(DAY)
        .ok_or("the day is a session")?;
    let end = session.open.plus_millis(GARBAGE_TICKS * TICK_MS);
    let window = Window {
        session,
        start: session.open,
        end,
    };
    let mut engine = assemble(Parts {
        config: built_in()?,
        calendar: Calendar::nyse(),
        clock: Box::new(SteppedClock::new(vec![window])),
        feeds: vec![Box::new(Garbage::new())],
        execution: None,
        broker: Box::new(NoBroker),
        mirror: None,
        journal: None,
        run: RunStart::default(),
        ledger: None,
        opening: Vec::new(),
        threads: 1,
        shuffle: None,
    })
    .map_err(broken)?;
    let most = Price(1_000_000 * 10_000);
    let is_price = |price: Price| Price::NONE <= price && price <= most;
    while engine.tick().map_err(broken)?.is_some() {
        let world = engine.world_mut();
        for quote in world.query::<&Quote>().iter(world) {
            let (bid, ask) = (quote.bid, quote.ask);
            if !is_price(bid) || !is_price(ask) {
                return Err(format!("a quote of {bid} to {ask} is in the world"));
            }
        }
        for trade in world.query::<&LastTrade>().iter(world) {
            if !is_price(trade.price) {
                return Err(format!("a trade at {} is in the world", trade.price));
            }
        }
        for spot in world.query::<&Spot>().iter(world) {
            if !spot.dollars.is_finite() || spot.dollars < 0.0 {
                return Err(format!("a spot of {} is in the world", spot.dollars));
            }
        }
        for vendor in world.query::<&VendorGreeks>().iter(world) {
            let VendorGreeks {
                iv, delta, gamma, ..
            } = *vendor;
            // Written so that NaN is outside.
            let is_inside = (0.0..5.0).contains(&iv) && delta.abs() <= 1.0 && gamma >= 0.0;
            if !is_inside || !gamma.is_finite() {
                return Err(format!(
                    "a vendor's volatility of {iv}, delta of {delta} and gamma of {gamma} are in the world"
                ));
            }
        }
    }
    let world = engine.world();
    let (passed, refused) = (
        world.resource::<Counts>().total(),
        world.resource::<Refusals>().total(),
    );
    if passed == 0 || refused == 0 {
        return Err(format!("{passed} events passed and {refused} were refused"));
    }
    Ok(())
}

/// The config as it is built in, whatever the environment says.
fn built_in() -> Result<Config, String> {
    let layers = Layers::new(DEFAULT_CONFIG);
    let layers = default_files().fold(layers, |layers, (file, text)| layers.file(file, text));
    layers.load().map_err(broken)
}

/// A feed of a symbol and a contract whose numbers mean nothing most of the time.
#[derive(Debug)]
struct Garbage {
    draws: Stream,
    listed: bool,
}

impl Garbage {
    fn new() -> Self {
        Self {
            draws: Stream::new(25, "garbage", 0),
            listed: false,
        }
    }

    fn one_of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        let place = self.draws.below(values.len() as u64);
        values.get(usize::try_from(place).ok()?).copied()
    }

    fn price(&mut self) -> Price {
        let prices = [-10_000, -1, 0, 1, 10_000, 1_000_000, 20_000_000_000];
        Price(self.one_of(&prices).unwrap_or(0))
    }

    fn number(&mut self) -> f64 {
        let numbers = [
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            -0.5,
            0.0,
            0.5,
            7.0,
        ];
        self.one_of(&numbers).unwrap_or(0.0)
    }

    fn event(&mut self) -> EventKind {
        let (symbol, contract) = (SymbolId(0), ContractId(0));
        let (bid, ask, price) = (self.price(), self.price(), self.price());
        let (bid_size, ask_size) = (1, 1);
        match self.draws.below(5) {
            0 => EventKind::Quote {
                symbol,
                bid,
                ask,
                bid_size,
                ask_size,
            },
            1 => EventKind::OptionQuote {
                contract,
                bid,
                ask,
                bid_size,
                ask_size,
            },
            2 => EventKind::OptionTrade {
                contract,
                price,
                size: 1,
                conditions: 0,
            },
            3 => EventKind::Index {
                symbol,
                level: price,
            },
            _ => EventKind::VendorGreeks {
                contract,
                iv: self.number(),
                delta: self.number(),
                gamma: self.number(),
            },
        }
    }
}

impl Feed for Garbage {
    fn name(&self) -> &'static str {
        "garbage"
    }

    fn list(&mut self, _tick: &Tick, listings: &mut Listings) -> Result<(), FeedError> {
        if !self.listed {
            self.listed = true;
            let ticker = Ticker::new("AAA").map_err(|error| error.to_string())?;
            listings.symbol(ticker);
            let terms = OptionTerms::from_osi("AAA   260320C00100000")
                .map_err(|error| error.to_string())?;
            listings.contract(ticker, terms);
        }
        Ok(())
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        for _ in 0..GARBAGE_EVENTS {
            let event = self.event();
            inbox.push(tick.now, tick.now, event);
        }
        Ok(())
    }
}

/// I29: after the calendar's last date no day is a session, for ten years.
///
/// # Errors
/// The first day that is one.
pub fn days_beyond_the_calendar() -> Result<(), String> {
    let calendar = Calendar::nyse();
    let mut day = LAST_DATE;
    calendar
        .previous_session(day)
        .ok_or("the calendar knows its last year")?;
    for _ in 0..3_653 {
        day = day.tomorrow().map_err(broken)?;
        let noon = calendar
            .at(day, jiff::civil::time(12, 0, 0, 0))
            .map_err(broken)?;
        let found: [Option<Session>; 3] = [
            calendar.session(day),
            calendar.session_at(noon),
            calendar.next_session(day),
        ];
        if found.iter().any(Option::is_some) || calendar.covers(day) {
            return Err(format!(
                "{day} may be traded, which the calendar does not know"
            ));
        }
    }
    Ok(())
}

/// I33: one bit turned over in any byte of a journal refuses it, or cuts its last batch off.
///
/// # Errors
/// The first damage that was used in silence.
pub fn damaged_journal() -> Result<(), String> {
    let disk = SimulatedDisk::new(33, Rates::default());
    write_journal(&disk)?;
    let name = segment_name(1);
    let size = disk.bytes(&name).ok_or("there is a segment")?.len();
    for place in 0..size {
        let bit = u8::try_from(place % 8).unwrap_or(0);
        disk.flip(&name, place, bit);
        let what = read_journal(&disk);
        disk.flip(&name, place, bit);
        if let Err(what) = what {
            return Err(format!("bit {bit} of byte {place} was turned over: {what}"));
        }
    }
    Ok(())
}

fn write_journal(disk: &SimulatedDisk) -> Result<(), String> {
    let start = Start {
        storage: Arc::new(disk.clone()),
        header: Header {
            version: FRAME_VERSION,
            scenario: "drill".to_owned(),
            scenario_text: String::new(),
            config_text: String::new(),
            seed: 0,
            run: RunStart::default(),
            feeds: Vec::new(),
        },
        mode: "simulated".to_owned(),
        options: Options {
            fill_bytes: 0,
            ..Options::default()
        },
        cash: Cash(1),
    };
    let mut journal = recover(start).map_err(broken)?.journal;
    for tick in 1..=FRAMES {
        let frame = Frame {
            tick,
            now: Timestamp(i64::try_from(tick).unwrap_or(0)),
            session: (20_260_306, Timestamp(0), Timestamp(i64::MAX)),
            opens_session: tick == 1,
            skipped: 0,
            jumped_ms: 0,
            reports: Vec::new(),
            records: Vec::new(),
            systems: Vec::new(),
            digest_before: 0,
        };
        journal.append(&frame, &[]).map_err(broken)?;
        journal.commit().map_err(broken)?;
    }
    drop(journal);
    disk.kill();
    Ok(())
}

/// Reads a damaged journal: it is refused, or all but its last frame are there in their order.
fn read_journal(disk: &SimulatedDisk) -> Result<(), String> {
    let refused = |error: journal::Error| {
        if error.is_damage() {
            Ok(())
        } else {
            Err(format!("it was refused for something else: {error}"))
        }
    };
    let mut reader = match JournalReader::open_in(Arc::new(disk.clone()), Extent::Everything) {
        Ok(reader) => reader,
        Err(error) => return refused(error),
    };
    let mut ticks = Vec::new();
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => ticks.push(frame.tick),
            Ok(None) => break,
            Err(error) => return refused(error),
        }
    }
    let whole: Vec<u64> = (1..=FRAMES).collect();
    if whole.starts_with(&ticks) && FRAMES <= ticks.len() as u64 + 1 {
        Ok(())
    } else {
        Err(format!("it is read as frames {ticks:?}"))
    }
}

/// I45: of the 16 rows of the live interlock one passes.
///
/// # Errors
/// The first row that comes out wrong.
pub fn interlock_truth_table() -> Result<(), String> {
    interlock::try_truth_table()
}

/// I46: what waits for an execution that never comes is bounded, however much is said.
///
/// # Errors
/// What the auditor says of the queue.
pub fn burst_of_fees() -> Result<(), String> {
    let mut ledger = Ledger::new(Cash(1_000_000));
    for base in 1..=FEES {
        let execution = ExecutionId { base, revision: 1 };
        let fees = Cash(1);
        ledger.apply_report(Timestamp(0), &Report::Charged { execution, fees });
    }
    let kept = ledger.open_state(20_260_306, Cash(1_000_000)).charges.len();
    let queue = QueuePeak {
        name: "waiting_charges".to_owned(),
        peak: kept as u64,
        bound: WAITING_CHARGES_MAX as u64,
    };
    let limits = AuditLimits {
        evidence: Evidence {
            queues: vec![queue],
            ..Evidence::default()
        },
        ..AuditLimits::default()
    };
    let found = audit(Vec::new(), None, &limits).violations;
    found
        .first()
        .map_or(Ok(()), |found| Err(found.what.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drill_holds_where_nothing_is_planted() {
        for drill in [
            garbage_at_the_door,
            days_beyond_the_calendar,
            damaged_journal,
            interlock_truth_table,
            burst_of_fees,
        ] {
            assert_eq!(drill(), Ok(()));
        }
    }
}
