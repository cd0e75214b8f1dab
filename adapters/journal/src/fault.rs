//! What can go wrong with a disk, when, and how often it did.

use engine::random::Stream;
use std::collections::BTreeMap;

/// A fault of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// A write fails; a part of it may have been done.
    WriteError,
    /// The disk is full from now on; what still fitted was written.
    DiskFull,
    /// A sync fails and what was to be synced counts as clean: the next sync succeeds without it.
    SyncFailure,
    /// A sync takes [`STALL_MS`](crate::STALL_MS).
    SyncStall,
    /// A bit of what was synced turns over.
    BitFlip,
    /// The disk takes nothing more until the next power cut.
    ReadOnly,
    /// The power goes off: nothing works until [`crash`](crate::SimulatedDisk::crash).
    PowerCut,
    /// Some but not all sectors of what was not synced outlived a power cut. Follows from one.
    TornWrite,
    /// The name of a new file did not outlive a power cut. Follows from one.
    LostName,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::WriteError,
        Self::DiskFull,
        Self::SyncFailure,
        Self::SyncStall,
        Self::BitFlip,
        Self::ReadOnly,
        Self::PowerCut,
        Self::TornWrite,
        Self::LostName,
    ];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::WriteError => "write_error",
            Self::DiskFull => "disk_full",
            Self::SyncFailure => "sync_failure",
            Self::SyncStall => "sync_stall",
            Self::BitFlip => "bit_flip",
            Self::ReadOnly => "read_only",
            Self::PowerCut => "power_cut",
            Self::TornWrite => "torn_write",
            Self::LostName => "lost_name",
        }
    }
}

/// When a scripted fault happens. Everything that changes files or names is a write, everything that
/// makes them durable a sync; both are counted from 1 over the life of the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Occasion {
    /// At this write.
    Write(u64),
    /// At this sync.
    Sync(u64),
}

/// How likely faults are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rates {
    /// Probability of [`Fault::WriteError`] at each write.
    pub write_error: f64,
    /// Probability of [`Fault::SyncFailure`] at each sync.
    pub sync_failure: f64,
    /// Probability of [`Fault::SyncStall`] at each sync.
    pub sync_stall: f64,
    /// Probability of [`Fault::BitFlip`] at each sync.
    pub bit_flip: f64,
    /// Probability of [`Fault::ReadOnly`] at each write.
    pub read_only: f64,
    /// Probability of [`Fault::PowerCut`] at each write and sync.
    pub power_cut: f64,
    /// Bytes that the disk holds; `None` for no end.
    pub capacity_bytes: Option<u64>,
}

/// Decides which faults happen, and counts them.
#[derive(Debug)]
pub(crate) struct Plan {
    script: BTreeMap<Occasion, Fault>,
    rates: Rates,
    counts: BTreeMap<Fault, u64>,
    writes: u64,
    syncs: u64,
}

impl Plan {
    pub(crate) fn new(rates: Rates) -> Self {
        Self {
            script: BTreeMap::new(),
            rates,
            counts: Fault::ALL.into_iter().map(|fault| (fault, 0)).collect(),
            writes: 0,
            syncs: 0,
        }
    }

    pub(crate) fn rates(&mut self) -> &mut Rates {
        &mut self.rates
    }

    pub(crate) fn script(&mut self, occasion: Occasion, fault: Fault) {
        self.script.insert(occasion, fault);
    }

    pub(crate) fn clear_script(&mut self) {
        self.script.clear();
    }

    /// Writes and syncs so far.
    pub(crate) fn done(&self) -> (u64, u64) {
        (self.writes, self.syncs)
    }

    pub(crate) fn count(&mut self, fault: Fault) {
        *self.counts.entry(fault).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> BTreeMap<Fault, u64> {
        self.counts.clone()
    }

    /// What happens at the next write.
    pub(crate) fn at_write(&mut self, stream: &mut Stream) -> Option<Fault> {
        self.writes += 1;
        let rates = [
            (self.rates.write_error, Fault::WriteError),
            (self.rates.read_only, Fault::ReadOnly),
            (self.rates.power_cut, Fault::PowerCut),
        ];
        let scripted = self.script.remove(&Occasion::Write(self.writes));
        scripted.or_else(|| draw(&rates, stream))
    }

    /// What happens at the next sync.
    pub(crate) fn at_sync(&mut self, stream: &mut Stream) -> Option<Fault> {
        self.syncs += 1;
        let rates = [
            (self.rates.sync_failure, Fault::SyncFailure),
            (self.rates.sync_stall, Fault::SyncStall),
            (self.rates.bit_flip, Fault::BitFlip),
            (self.rates.power_cut, Fault::PowerCut),
        ];
        let scripted = self.script.remove(&Occasion::Sync(self.syncs));
        scripted.or_else(|| draw(&rates, stream))
    }
}

fn draw(rates: &[(f64, Fault)], stream: &mut Stream) -> Option<Fault> {
    rates
        .iter()
        .find_map(|(rate, fault)| stream.chance(*rate).then_some(*fault))
}
