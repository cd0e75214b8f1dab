//! Commands of operators that come in through the stream `control:commands`: a feed like any other.
//!
//! The server is no authority. What comes from here may only reduce risk and must be fresh, which the
//! engine checks; a thread of its own reads, so that a server that is slow or gone stops nothing. The
//! number of a command is the id of its entry, so that none is obeyed twice.

use crate::address::Address;
use crate::link::{Link, LinkError, connection_error, now};
use crate::mirror::{Settings, StartError};
use components::signal::StrategyName;
use components::units::Timestamp;
use engine::clock::Tick;
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Feed, FeedError};
use redis::{FromRedisValue, Value};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wire::keys::COMMANDS;

/// Commands that wait for a tick at most. Equal ones wait once, so that only the names of strategies
/// could fill it: a halt always finds room.
pub const WAITING_MAX: usize = 256;

/// Entries asked for at once.
const ENTRIES_PER_READ: usize = 512;
/// Letters of a reason that are kept.
const WHY_MAX: usize = 400;
/// Entries may be this much ahead of the server's clock; others are garbage.
const AHEAD_MAX_MS: u64 = 30_000;
/// Bits of a command's number that count the entries of one millisecond.
const SEQUENCE_BITS: u32 = 20;

/// The feed of commands from the stream.
#[derive(Debug)]
pub struct CommandStream {
    shared: Arc<Shared>,
}

/// What became of the entries so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CommandCounts {
    /// Handed to the engine, which may still refuse them.
    pub taken: u64,
    /// Not understood, repeated or too many.
    pub ignored: u64,
}

/// Shows the counts after the feed was handed to an engine.
#[derive(Clone, Debug)]
pub struct CommandCounter(Arc<Shared>);

impl CommandCounter {
    /// The counts so far.
    #[must_use]
    pub fn counts(&self) -> CommandCounts {
        CommandCounts {
            taken: self.0.taken.load(Relaxed),
            ignored: self.0.ignored.load(Relaxed),
        }
    }
}

#[derive(Debug, Default)]
struct Shared {
    waiting: Mutex<Vec<Waiting>>,
    taken: AtomicU64,
    ignored: AtomicU64,
    stop: AtomicBool,
}

/// A command that waits for its tick.
#[derive(Clone, Debug)]
struct Waiting {
    number: u64,
    command: Command,
    why: String,
    /// How old it was by the server's clock when it was read, and when that was.
    age_ms: u64,
    read_at: Instant,
}

impl CommandStream {
    /// Reads the stream on the server at `url`, from what is at most `look_back_ms` older than now.
    /// Only `strategies` can be paused. The server need not be there yet.
    ///
    /// # Errors
    /// When the address cannot be read or no thread can be started.
    pub fn new(
        url: &str,
        settings: Settings,
        look_back_ms: u64,
        strategies: &[&str],
    ) -> Result<Self, StartError> {
        let shared = Arc::<Shared>::default();
        let reader = Reader {
            address: Address::new(url)?,
            settings,
            strategies: strategies.iter().map(|&name| name.to_owned()).collect(),
            shared: Arc::clone(&shared),
            link: None,
            last: None,
            look_back_ms,
            started: now(),
            is_failing: false,
        };
        std::thread::Builder::new()
            .name("redis-commands".to_owned())
            .spawn(move || reader.run())?;
        Ok(Self { shared })
    }

    /// A handle on the counts.
    #[must_use]
    pub fn counter(&self) -> CommandCounter {
        CommandCounter(Arc::clone(&self.shared))
    }
}

impl Drop for CommandStream {
    fn drop(&mut self) {
        self.shared.stop.store(true, Relaxed);
    }
}

impl Feed for CommandStream {
    fn name(&self) -> &str {
        "mirror_commands"
    }

    fn drain(
        &mut self,
        tick: &Tick,
        _directory: &Directory,
        inbox: &mut Inbox,
    ) -> Result<(), FeedError> {
        let waiting = core::mem::take(&mut *self.shared.waiting());
        for command in waiting {
            self.shared.taken.fetch_add(1, Relaxed);
            // The age is real, the market's time need not be: a simulated day has its own.
            let waited = u64::try_from(command.read_at.elapsed().as_millis());
            let age_ms = command.age_ms.saturating_add(waited.unwrap_or(u64::MAX));
            let age_ms = i64::try_from(age_ms).unwrap_or(i64::MAX);
            let commanded = OperatorCommand {
                number: command.number,
                issued: Timestamp(tick.now.0.saturating_sub(age_ms.saturating_mul(1_000_000))),
                source: CommandSource::Mirror,
                command: command.command,
                why: command.why,
            };
            let kind = EventKind::Commanded(Box::new(commanded));
            inbox.push(tick.now, tick.now, kind);
        }
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a command wait in the place of an equal one, unless there are too many. The newer one
    /// stays: the older may be too old to be obeyed.
    fn offer(&self, command: Waiting) {
        let mut waiting = self.waiting();
        let before = waiting.len();
        waiting.retain(|other| other.command != command.command);
        let repeated = waiting.len() < before;
        let fits = waiting.len() < WAITING_MAX;
        if fits {
            waiting.push(command);
        }
        if repeated || !fits {
            self.ignored.fetch_add(1, Relaxed);
        }
    }
}

/// The thread that reads.
struct Reader {
    address: Address,
    settings: Settings,
    strategies: Vec<String>,
    shared: Arc<Shared>,
    link: Option<Link>,
    /// The id of the last entry that was read.
    last: Option<Id>,
    look_back_ms: u64,
    started: Instant,
    is_failing: bool,
}

/// The id of an entry: milliseconds by the server's clock, and a number within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Id {
    millis: u64,
    sequence: u64,
}

impl Id {
    fn parse(text: &str) -> Option<Self> {
        let (millis, sequence) = text.split_once('-')?;
        Some(Self {
            millis: millis.parse().ok()?,
            sequence: sequence.parse().ok()?,
        })
    }

    /// The number of the command; none if the id is out of all bounds.
    fn number(self) -> Option<u64> {
        let fits = self.sequence < 1 << SEQUENCE_BITS && self.millis < 1 << (63 - SEQUENCE_BITS);
        fits.then_some((self.millis << SEQUENCE_BITS) | self.sequence)
    }
}

/// An entry: its id and its fields, which are no text if they are garbage.
type Entry = (String, Vec<(Vec<u8>, Vec<u8>)>);

impl Reader {
    fn run(mut self) {
        let mut retry_ms = self.settings.retry_ms_min;
        while !self.shared.stop.load(Relaxed) {
            match self.read() {
                // There may be more at once.
                Ok(ENTRIES_PER_READ) => {}
                Ok(_) => {
                    self.is_failing = false;
                    retry_ms = self.settings.retry_ms_min;
                    self.rest(COMMANDS.refresh_ms);
                }
                Err(error) => {
                    self.link = None;
                    if !std::mem::replace(&mut self.is_failing, true) {
                        tracing::warn!(%error, "no commands are read from Redis; the socket works");
                    }
                    self.rest(retry_ms);
                    retry_ms = (retry_ms * 2).min(self.settings.retry_ms_max);
                }
            }
        }
    }

    fn rest(&self, millis: u64) {
        let until = now() + Duration::from_millis(millis);
        while now() < until && !self.shared.stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Reads what is new and returns how many entries that were.
    fn read(&mut self) -> Result<usize, LinkError> {
        let address = &self.address;
        let failed = |error| connection_error(address, &error);
        let link = match &mut self.link {
            Some(link) => link,
            None => self.link.insert(Link::open(address, &self.settings)?),
        };
        let connection = &mut link.connection;
        let (seconds, micros): (u64, u64) = redis::cmd("TIME").query(connection).map_err(failed)?;
        let server_ms = seconds * 1_000 + micros / 1_000;
        let running = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        // Both are rounded down, and an entry with this very id would be passed over.
        let before = running.saturating_add(self.look_back_ms).saturating_add(2);
        let begin = Id {
            millis: server_ms.saturating_sub(before),
            sequence: 0,
        };
        let last = *self.last.get_or_insert(begin);
        let answer: Value = redis::cmd("XREAD")
            .arg("COUNT")
            .arg(ENTRIES_PER_READ)
            .arg(&["STREAMS", COMMANDS.pattern])
            .arg(format!("{}-{}", last.millis, last.sequence))
            .query(connection)
            .map_err(failed)?;
        let entries = entries_of(&answer).map_err(failed)?;
        let count = entries.len();
        for (id, fields) in entries {
            let id = Id::parse(&id);
            self.last = self.last.max(id);
            match id.and_then(|id| self.understand(id, &fields, server_ms)) {
                Some(command) => self.shared.offer(command),
                None => {
                    self.shared.ignored.fetch_add(1, Relaxed);
                }
            }
        }
        Ok(count)
    }

    /// The command that an entry holds, if it holds one.
    fn understand(&self, id: Id, fields: &[(Vec<u8>, Vec<u8>)], server_ms: u64) -> Option<Waiting> {
        // A number from the far future would make all later ones look obeyed.
        if server_ms + AHEAD_MAX_MS < id.millis {
            return None;
        }
        let field = |name: &[u8]| {
            let found = fields.iter().find(|(field, _)| field == name);
            found.map(|(_, value)| str::from_utf8(value))
        };
        let strategy = field(b"strategy").transpose().ok()?;
        let known = |name: &str| self.strategies.iter().any(|strategy| strategy == name);
        if strategy.is_some_and(|name| !known(name)) {
            return None;
        }
        let verb = field(b"verb")?.ok()?;
        let why = field(b"why").transpose().ok()?.unwrap_or_default();
        Some(Waiting {
            number: id.number()?,
            command: Command::from_name(verb, strategy.map(StrategyName::new))?,
            why: why.chars().take(WHY_MAX).collect(),
            age_ms: server_ms.saturating_sub(id.millis),
            read_at: now(),
        })
    }
}

/// The entries in the answer to `XREAD` of one stream.
fn entries_of(answer: &Value) -> redis::RedisResult<Vec<Entry>> {
    let streams: Option<Vec<(String, Vec<Entry>)>> =
        FromRedisValue::from_redis_value_ref(answer).map_err(redis::RedisError::from)?;
    let entries = streams.into_iter().flatten().map(|(_, entries)| entries);
    Ok(entries.flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader() -> Reader {
        Reader {
            address: Address::new("redis://localhost").unwrap(),
            settings: Settings::default(),
            strategies: vec!["zero_dte".to_owned()],
            shared: Arc::default(),
            link: None,
            last: None,
            look_back_ms: 0,
            started: now(),
            is_failing: false,
        }
    }

    fn understood(fields: &[(&str, &str)]) -> Option<Waiting> {
        let bytes = |text: &str| text.as_bytes().to_vec();
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (bytes(name), bytes(value)))
            .collect();
        let id = Id::parse("1000-2").unwrap();
        reader().understand(id, &fields, 4_000)
    }

    #[test]
    fn an_entry_is_a_command_or_garbage() {
        let halt = understood(&[("verb", "halt"), ("why", "news")]).unwrap();
        assert_eq!((halt.command, halt.age_ms), (Command::Halt, 3_000));
        assert_eq!(halt.number, (1_000 << SEQUENCE_BITS) + 2);
        assert_eq!(halt.why, "news");
        let pause = understood(&[("verb", "pause"), ("strategy", "zero_dte")]).unwrap();
        assert_eq!(pause.command, Command::Pause(StrategyName::new("zero_dte")));
        for garbage in [
            &[][..],
            &[("verb", "sell")],
            &[("verb", "pause")],
            &[("verb", "pause"), ("strategy", "nobody")],
            &[("verb", "halt"), ("strategy", "zero_dte")],
            &[("why", "halt")],
        ] {
            assert!(understood(garbage).is_none(), "{garbage:?}");
        }
    }

    #[test]
    fn an_id_out_of_bounds_is_garbage() {
        let halt = [(b"verb".to_vec(), b"halt".to_vec())];
        let of = |text: &str| reader().understand(Id::parse(text)?, &halt, 4_000);
        assert!(of("34000-0").is_some());
        assert!(of("34001-0").is_none());
        assert!(of("4000-1048575").is_some());
        assert!(of("4000-1048576").is_none());
        assert!(of("18446744073709551615-0").is_none());
        assert!(of("now").is_none());
    }

    #[test]
    fn a_flood_is_bounded_and_a_halt_always_finds_room() {
        let shared = Shared::default();
        let waiting = |number, command| Waiting {
            number,
            command,
            why: String::new(),
            age_ms: 0,
            read_at: now(),
        };
        shared.offer(waiting(1, Command::Halt));
        for number in 2..10_002 {
            shared.offer(waiting(number, Command::CancelAll));
        }
        shared.offer(waiting(10_002, Command::Halt));
        let numbers: Vec<u64> = shared.waiting().iter().map(|found| found.number).collect();
        assert_eq!(numbers, [10_001, 10_002]);
        assert_eq!(shared.ignored.load(Relaxed), 10_000);
    }
}
