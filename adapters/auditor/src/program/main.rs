//! `alphatrader-audit`: judges a finished journal from outside.
//!
//! It reads the journal, and the broker's own record where there is one, and nothing else: no
//! config, no clock, no engine. What the engine had promised it takes from the config that the
//! journal itself carries.

/// What the journal says of the market.
mod evidence;
/// What the recorded config promises.
mod promises;
/// The result, for people and programs.
mod report;

use auditor::{Audit, audit};
use clap::Parser;
use engine::frame::{Frame, Header};
use journal::{Error, JournalReader, TornTail};
use simulator::BrokerLedger;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Every check was passed.
const CLEAN: u8 = 0;
/// Something is not as it must be, or could not be read.
const WRONG: u8 = 1;
/// The journal is damaged.
const DAMAGED: u8 = 78;

/// Judges a finished journal against the engine's invariants, from outside.
#[derive(Parser, Debug)]
#[command(
    name = "alphatrader-audit",
    version,
    after_help = "\
Examples:
  alphatrader-audit state/journal
  alphatrader-audit run --broker-ledger run/broker_ledger.json --json

Exit codes: 0 every check passed, 1 a violation or an error, 2 usage, 78 the journal is damaged."
)]
struct Arguments {
    /// The directory of the journal
    journal: PathBuf,
    /// The broker's own record [default: broker_ledger.json in the journal's directory, if there]
    #[arg(long, value_name = "FILE", conflicts_with = "no_broker_ledger")]
    broker_ledger: Option<PathBuf>,
    /// Judges by the journal alone
    #[arg(long)]
    no_broker_ledger: bool,
    /// Writes one JSON document
    #[arg(long)]
    json: bool,
}

/// The broker's record as runs leave it beside the journal.
const LEDGER_NAME: &str = "broker_ledger.json";

/// Why there is no verdict: the exit code and a sentence.
struct Failure(u8, String);

impl Failure {
    fn of(error: &Error) -> Self {
        let code = if error.is_damage() { DAMAGED } else { WRONG };
        Self(code, error.to_string())
    }
}

/// What was judged.
struct Judged {
    header: Header,
    broker: Option<PathBuf>,
    /// The first run whose config is another than that of the first.
    config_changed: Option<u64>,
    torn: Option<TornTail>,
    audit: Audit,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let shown = judge(&arguments).and_then(|judged| {
        report::show(&arguments.journal, &judged, arguments.json)
            .map_err(|error| Failure(WRONG, format!("stdout could not be written: {error}")))?;
        Ok(judged)
    });
    let code = match shown {
        Ok(judged) if judged.audit.violations.is_empty() => CLEAN,
        Ok(_) => WRONG,
        Err(Failure(code, words)) => {
            // Whoever closed stderr wants no words.
            let _ = writeln!(std::io::stderr(), "Error: {words}");
            code
        }
    };
    ExitCode::from(code)
}

fn judge(arguments: &Arguments) -> Result<Judged, Failure> {
    let open = || JournalReader::open(&arguments.journal).map_err(|error| Failure::of(&error));
    let mut reader = open()?;
    let header = reader.header().clone();
    let evidence = evidence::of(&mut reader).map_err(|error| Failure::of(&error))?;
    let torn = reader.torn();
    let mut limits = promises::of(&header.config_text).map_err(|words| {
        let place = arguments.journal.display();
        Failure(WRONG, format!("journal {place}: {words}"))
    })?;
    limits.evidence = evidence.facts;
    let broker = ledger_path(arguments);
    let ledger = broker.as_deref().map(read_ledger).transpose()?;
    let mut frames = Frames {
        reader: open()?,
        failure: None,
    };
    let audit = audit(&mut frames, ledger.as_ref(), &limits);
    match frames.failure {
        Some(error) => Err(Failure::of(&error)),
        None => Ok(Judged {
            header,
            broker,
            config_changed: evidence.config_changed,
            torn,
            audit,
        }),
    }
}

fn ledger_path(arguments: &Arguments) -> Option<PathBuf> {
    if arguments.no_broker_ledger {
        return None;
    }
    let beside = arguments.journal.join(LEDGER_NAME);
    let found = || beside.is_file().then_some(beside);
    arguments.broker_ledger.clone().or_else(found)
}

fn read_ledger(path: &Path) -> Result<BrokerLedger, Failure> {
    let wrong = |words: String| Failure(WRONG, format!("{} {words}", path.display()));
    let text = std::fs::read_to_string(path)
        .map_err(|error| wrong(format!("could not be read: {error}")))?;
    serde_json::from_str(&text).map_err(|error| wrong(format!("is no broker's ledger: {error}")))
}

/// The frames of a journal up to its end or to what is wrong with it.
struct Frames {
    reader: JournalReader,
    failure: Option<Error>,
}

impl Iterator for Frames {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if self.failure.is_some() {
            return None;
        }
        self.reader.next_frame().unwrap_or_else(|error| {
            self.failure = Some(error);
            None
        })
    }
}
