//! Real processes on a real disk: killed, started twice, out of space.

use crate::{append, genuine, opening, read};
use journal::{Error, FileStorage, Journal, Options, Storage};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

/// Names the directory that the child writes to; without it the child's test does nothing.
const DIRECTORY: &str = "ALPHATRADER_JOURNAL_CHILD";

const OPTIONS: Options = Options {
    segment_bytes: 64 << 10,
    fill_bytes: 16 << 10,
    buffer_bytes: 1 << 20,
    extent: journal::Extent::Everything,
};

fn storage(directory: &Path) -> Arc<dyn Storage> {
    Arc::new(FileStorage::create_dir(directory).unwrap())
}

/// This program again, with the one test that writes.
fn child(directory: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "process::a_child_writes_until_it_is_killed",
            "--nocapture",
        ])
        .env(DIRECTORY, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

#[test]
fn a_child_writes_until_it_is_killed() {
    let Some(directory) = std::env::var_os(DIRECTORY) else {
        return;
    };
    let (mut journal, recovery) =
        Journal::open(storage(Path::new(&directory)), opening(), OPTIONS).unwrap();
    assert_eq!(recovery.witness.lost(), None);
    let mut stdout = std::io::stdout().lock();
    for seq in recovery.last_seq + 1.. {
        append(&mut journal, seq).unwrap();
        let durable = journal.commit().unwrap();
        // A pipe that is gone ends the child too.
        writeln!(stdout, "\ndurable {durable}").unwrap();
        stdout.flush().unwrap();
    }
}

/// Lets a child write until it has acknowledged `entries`, kills it, and returns the last entry that
/// it acknowledged.
fn write_and_kill(directory: &Path, entries: u64) -> u64 {
    let mut process = child(directory).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let (mut last, mut heard) = (0, 0);
    while heard < entries {
        let line = lines.next().expect("the child writes").unwrap();
        if let Some(durable) = line.strip_prefix("durable ") {
            last = durable.parse().unwrap();
            heard += 1;
        }
    }
    process.kill().unwrap();
    // What was still in the pipe was acknowledged too; a line that was cut off is no number that
    // was promised, so only whole lines count.
    for line in lines.map_while(Result::ok) {
        if let Some(durable) = line.strip_prefix("durable ") {
            last = durable
                .parse()
                .map_or(last, |durable: u64| last.max(durable));
        }
    }
    process.wait().unwrap();
    last
}

#[test]
fn a_killed_process_loses_nothing_that_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("journal");
    let mut last = 0;
    for kill in 0..50 {
        last = write_and_kill(&directory, 1 + kill * 7 % 60);
        let (entries, _) = read(storage(&directory)).unwrap();
        let found = genuine(&entries);
        assert!(found >= last, "kill {kill}: {found} of {last} are left");
    }
    let report = journal::verify(storage(&directory)).unwrap();
    assert!(report.is_whole() && report.last_seq >= last);
    println!(
        "50 kills: {last} acknowledged, {} found, 0 lost",
        report.last_seq
    );
    assert!(last > 500);
}

#[test]
fn a_second_process_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("journal");
    let mut process = child(&directory).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    lines
        .by_ref()
        .map(Result::unwrap)
        .find(|line| line.starts_with("durable "))
        .unwrap();
    let error = Journal::resume(storage(&directory), opening(), OPTIONS).unwrap_err();
    assert!(matches!(error, Error::Locked { .. }), "{error}");
    // Reading needs no lock.
    assert!(genuine(&read(storage(&directory)).unwrap().0) >= 1);
    process.kill().unwrap();
    process.wait().unwrap();
    drop(Journal::resume(storage(&directory), opening(), OPTIONS).unwrap());
}

/// A file system of its own, unmounted at the end.
struct Mounted<'a>(&'a Path);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0).status();
    }
}

#[test]
fn a_full_file_system_is_an_error_and_everything_acknowledged_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
        .arg(folder.path())
        .output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        let mut stderr = std::io::stderr().lock();
        writeln!(
            stderr,
            "skipped 1 test on a full file system: no tmpfs can be mounted"
        )
        .unwrap();
        return;
    }
    let _mounted = Mounted(folder.path());
    let directory = folder.path().join("journal");
    let (mut journal, _) = Journal::open(storage(&directory), opening(), OPTIONS).unwrap();
    let mut acknowledged = 0;
    let error = loop {
        let done = append(&mut journal, acknowledged + 1).and_then(|()| journal.commit());
        match done {
            Ok(durable) => acknowledged = durable,
            Err(error) => break error,
        }
    };
    assert!(
        error.to_string().contains("could not be written"),
        "{error}"
    );
    assert!(matches!(journal.commit(), Err(Error::Failed { .. })));
    drop(journal);
    let entries = read(storage(&directory)).unwrap().0;
    println!(
        "full file system: {acknowledged} acknowledged, {} found",
        entries.len()
    );
    assert!(genuine(&entries) >= acknowledged && acknowledged > 1_000);
}
