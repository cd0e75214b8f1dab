//! A run whose state outlives its process: the journal and the broker's memory in the state
//! directory, and what a start finds there.

use super::broker_log::{self, BrokerLog};
use super::past::Past;
use crate::exit::{Exit, Failure};
use crate::progress::Progress;
use crate::recovery::{self, Recovered, RecoveryError, Start};
use crate::scenario::Scenario;
use crate::settings;
use components::units::Cash;
use engine::clock::Tick;
use engine::command::CommandSource;
use engine::config::Config;
use engine::frame::Header;
use engine::ports::Feed;
use journal::{Extent, FileStorage, JournalReader, Options, Storage};
use simulator::{BrokerLedger, Gateway};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use systems::books::Books;
use systems::ledger::Ledger;

/// The folder of the journal in the state directory.
const JOURNAL_FOLDER: &str = "journal";
/// The file of the broker's own record in the journal's directory.
pub(crate) const LEDGER_NAME: &str = "broker_ledger.json";

/// What a start over a state directory found before it opened the journal.
pub(super) struct Kept {
    directory: PathBuf,
    cash: Cash,
    /// The market's feeds, from where the run before ended.
    pub(super) feeds: Vec<Box<dyn Feed>>,
    /// The last tick that there was.
    pub(super) last: Option<Tick>,
    /// Ticks that there were.
    pub(super) ticks: u64,
    /// The last command that came through the socket.
    pub(super) last_command: u64,
}

impl Kept {
    /// Reads what the runs before left in `state_dir`, and lives through their market with `feeds`
    /// and `gateway`.
    ///
    /// # Errors
    /// When the journal is damaged, or one of another scenario.
    pub(super) fn read(
        state_dir: &Path,
        scenario: (&Scenario, &str),
        config: &Config,
        cash: Cash,
        feeds: Vec<Box<dyn Feed>>,
        gateway: &Gateway,
    ) -> Result<Self, Failure> {
        let directory = state_dir.join(JOURNAL_FOLDER);
        let mut kept = Self {
            directory,
            cash,
            feeds: Vec::new(),
            last: None,
            ticks: 0,
            last_command: 0,
        };
        let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&kept.directory));
        let begun = storage.list().is_ok_and(|names| !names.is_empty());
        let reader = begun.then(|| JournalReader::open_in(storage, Extent::Everything));
        let mut reader = match reader {
            None => None,
            // A first segment that was never finished is nothing; whatever else is wrong with it is
            // said when the journal is opened for writing.
            Some(Err(journal::Error::NotAJournal { .. })) => None,
            Some(reader) => Some(reader.map_err(unreadable)?),
        };
        if let Some(reader) = &reader {
            kept.is_ours(reader.header(), scenario, config)?;
        }
        let said = broker_log::read(&kept.directory).map_err(Failure::error)?;
        let mut past = Past::new(feeds, gateway.clone(), said);
        let mut ledger = Ledger::new(cash);
        let mut progress = Progress::new("ticks of the runs before", None);
        let mut frames = 0;
        while let Some(reader) = &mut reader {
            let Some(frame) = reader.next_frame().map_err(unreadable)? else {
                break;
            };
            past.live_through(&frame).map_err(Failure::error)?;
            Books::fold(&mut ledger, &frame)
                .map_err(|error| Failure::new(Exit::StartRefused, error))?;
            frames += 1;
            progress.at(frames);
        }
        progress.finish();
        kept.last_command = ledger.last_command(CommandSource::Socket);
        kept.last = past.last().copied();
        kept.ticks = past.ticks();
        kept.feeds = past.into_feeds();
        Ok(kept)
    }

    /// Opens the journal for the run that begins, and the broker's memory beside it.
    ///
    /// # Errors
    /// When the journal is damaged, another program writes it, or it cannot be written.
    pub(super) fn open(&self, header: Header) -> Result<(Recovered, BrokerLog), Failure> {
        let storage = FileStorage::create_dir(&self.directory).map_err(|error| {
            let path = self.directory.display();
            Failure::error(format_args!("{path} could not be made: {error}"))
        })?;
        let recovered = recovery::recover(Start {
            storage: Arc::new(storage),
            header,
            mode: "simulated".to_owned(),
            options: Options::default(),
            cash: self.cash,
        })
        .map_err(not_recovered)?;
        if let Some(torn) = recovered.torn {
            let _ = writeln!(
                anstream::stderr(),
                "Warning: the journal's tail was torn: {} bytes after byte {} of segment {} were cut",
                torn.bytes,
                torn.offset,
                torn.segment
            );
        }
        let log = BrokerLog::open(&self.directory, recovered.run.run).map_err(Failure::error)?;
        Ok((recovered, log))
    }

    /// The directory of the journal.
    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Refuses a journal of something else: its market would be another one.
    fn is_ours(
        &self,
        found: &Header,
        (scenario, text): (&Scenario, &str),
        config: &Config,
    ) -> Result<(), Failure> {
        let place = self.directory.display();
        let other = |what: String| {
            Err(Failure::new(
                Exit::StartRefused,
                format_args!("journal {place} {what}; give another --state-dir"),
            ))
        };
        if (found.scenario.as_str(), found.seed) != (scenario.name.as_str(), scenario.seed) {
            return other(format!(
                "is of scenario {} with seed {}, not of {} with seed {}",
                found.scenario, found.seed, scenario.name, scenario.seed
            ));
        }
        if found.scenario_text != text {
            let name = &found.scenario;
            return other(format!("is of another text of scenario {name}"));
        }
        let exchange = |text: &str| -> Option<serde_json::Value> {
            let config: serde_json::Value = serde_json::from_str(text).ok()?;
            Some(config["exchange"].clone())
        };
        if exchange(&found.config_text) != exchange(&settings::as_text(config)) {
            return other("is of another config of the section `exchange`".to_owned());
        }
        Ok(())
    }
}

/// Writes the broker's own record beside the journal, for the auditor and for reconciliation.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write_ledger(directory: &Path, ledger: &BrokerLedger) -> Result<(), Failure> {
    let path = directory.join(LEDGER_NAME);
    let text = serde_json::to_string(ledger)?;
    std::fs::write(&path, text).map_err(|error| {
        let path = path.display();
        Failure::error(format_args!("{path} could not be written: {error}"))
    })
}

fn unreadable(error: journal::Error) -> Failure {
    let exit = if error.is_damage() {
        Exit::StartRefused
    } else {
        Exit::Error
    };
    Failure::new(exit, error)
}

fn not_recovered(error: RecoveryError) -> Failure {
    let locked = matches!(error, RecoveryError::Journal(journal::Error::Locked { .. }));
    let exit = if locked || error.is_damage() {
        Exit::StartRefused
    } else {
        Exit::Error
    };
    Failure::new(exit, error)
}
