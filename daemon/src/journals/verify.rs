//! `journal verify`: whether everything that was acknowledged is there and whole.

use super::{unreadable, warn_torn};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::leaves;
use crate::output::{self, Format};
use journal::{Error, FileStorage, Report, Standing, Storage, TornTail, cut_torn_tail, verify};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The arguments of `journal verify`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  alphatrader journal verify run && echo whole

Ends with 0 if the journal is whole: a torn tail, the trace of a process that was killed, is named
and cut. Ends with 78 if it is damaged or ends before what the witness saw; nothing is changed then.")]
pub struct Args {
    /// The directory of the journal
    pub directory: PathBuf,
}

/// What was found, as `--json` shows it.
#[derive(Serialize)]
struct Found {
    whole: bool,
    segments: u64,
    batches: u64,
    entries: u64,
    first_seq: u64,
    last_seq: u64,
    days: Vec<u32>,
    bytes: u64,
    torn: Option<Torn>,
    /// `missing`, `agrees` or `lost`.
    witness: &'static str,
    /// The last entry that the witness saw.
    witness_seq: Option<u64>,
    damage: Option<String>,
}

/// The end that was cut off.
#[derive(Serialize)]
struct Torn {
    segment: u64,
    offset: u64,
    bytes: u64,
    /// False while another program writes the journal: then it may just be unfinished.
    cut: bool,
}

/// Looks through the journal.
///
/// # Errors
/// If it cannot be read, is damaged or has lost what was acknowledged.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let storage: Arc<dyn Storage> = Arc::new(FileStorage::new(&arguments.directory));
    let report = verify(Arc::clone(&storage)).map_err(unreadable)?;
    let torn = match report.torn {
        Some(torn) if report.is_whole() => Some(cut(&storage, torn)?),
        torn => torn.map(|torn| told(torn, false)),
    };
    let found = found(&report, torn);
    let mut out = output::stdout();
    match general.format_or(Format::Table) {
        Format::Json => output::json_document(&mut out, &found)?,
        format => leaves::rows(out, &found, format)?,
    }
    verdict(&report, &arguments.directory)
}

fn cut(storage: &Arc<dyn Storage>, torn: TornTail) -> Result<Torn, Failure> {
    match cut_torn_tail(storage) {
        Ok(Some(torn)) => {
            warn_torn(torn, "were cut");
            Ok(told(torn, true))
        }
        Ok(None) | Err(Error::Locked { .. }) => {
            warn_torn(torn, "were left: the journal is being written");
            Ok(told(torn, false))
        }
        Err(error) => Err(unreadable(error)),
    }
}

fn told(torn: TornTail, cut: bool) -> Torn {
    Torn {
        segment: torn.segment,
        offset: torn.offset,
        bytes: torn.bytes,
        cut,
    }
}

fn found(report: &Report, torn: Option<Torn>) -> Found {
    let (witness, witness_seq) = match report.witness {
        Standing::Missing => ("missing", None),
        Standing::Agrees { seq } => ("agrees", Some(seq)),
        Standing::Lost(lost) => ("lost", Some(lost.witness)),
    };
    Found {
        whole: report.is_whole(),
        segments: report.segments,
        batches: report.batches,
        entries: report.entries,
        first_seq: report.first_seq,
        last_seq: report.last_seq,
        days: report.days.clone(),
        bytes: report.bytes,
        torn,
        witness,
        witness_seq,
        damage: report.damage.as_ref().map(ToString::to_string),
    }
}

fn verdict(report: &Report, directory: &Path) -> Result<(), Failure> {
    if let Some(damage) = &report.damage {
        return Err(Failure::new(Exit::StartRefused, damage));
    }
    if let Some(lost) = report.witness.lost() {
        return Err(Failure::new(
            Exit::StartRefused,
            format_args!(
                "journal {} ends with entry {}, but entry {} was acknowledged: its end is lost",
                directory.display(),
                lost.journal,
                lost.witness
            ),
        ));
    }
    Ok(())
}
