//! What a simulated disk holds, what is done to it, and where the faults fall.

use crate::fault::{Fault, Plan, Rates};
use crate::inode::Inode;
use engine::random::Stream;
use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::time::Duration;

/// How long a stalled sync takes, in milliseconds. It is told, not waited for.
pub const STALL_MS: u64 = 1_000;

/// How long any other sync takes, in microseconds: the median of a disk of today.
const SYNC_US: u64 = 70;

/// A simulated disk behind its handles.
pub(crate) struct State {
    pub(crate) plan: Plan,
    pub(crate) stream: Stream,
    pub(crate) files: BTreeMap<u64, Inode>,
    pub(crate) names: BTreeMap<String, u64>,
    pub(crate) durable_names: BTreeMap<String, u64>,
    pub(crate) next_file: u64,
    /// Rises with every crash: handles of before are dead.
    pub(crate) life: u64,
    pub(crate) is_off: bool,
    pub(crate) is_read_only: bool,
    pub(crate) lock: Option<u64>,
}

impl State {
    pub(crate) fn new(seed: u64, rates: Rates) -> Self {
        Self {
            plan: Plan::new(rates),
            stream: Stream::new(seed, "disk", 0),
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            durable_names: BTreeMap::new(),
            next_file: 0,
            life: 0,
            is_off: false,
            is_read_only: false,
            lock: None,
        }
    }

    pub(crate) fn file_of(&mut self, name: &str) -> Option<&mut Inode> {
        self.files.get_mut(self.names.get(name)?)
    }

    pub(crate) fn new_file(&mut self, name: &str) -> u64 {
        let file = self.next_file;
        self.next_file += 1;
        self.files.insert(file, Inode::default());
        self.names.insert(name.to_owned(), file);
        file
    }

    fn used(&self) -> u64 {
        self.files
            .values()
            .map(|file| file.cache.len() as u64)
            .sum()
    }

    pub(crate) fn is_alive(&self, life: u64) -> io::Result<()> {
        if self.is_off {
            return Err(io::Error::other("the power is off"));
        }
        if life != self.life {
            return Err(io::Error::other("the process was killed"));
        }
        Ok(())
    }

    /// Whether a change may be made: `Some` fault if it is to fail on the way.
    pub(crate) fn begin_write(&mut self) -> io::Result<Option<Fault>> {
        self.is_alive(self.life)?;
        let fault = self.plan.at_write(&mut self.stream);
        if let Some(fault) = fault {
            self.plan.count(fault);
        }
        match fault {
            Some(Fault::ReadOnly) => self.is_read_only = true,
            Some(Fault::DiskFull) => {
                let used = self.used();
                self.plan.rates().capacity_bytes = Some(used);
            }
            Some(Fault::PowerCut) => self.is_off = true,
            _ => {}
        }
        if self.is_read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        Ok(fault)
    }

    pub(crate) fn write(&mut self, file: u64, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let fault = self.begin_write()?;
        let size = self.size(file)?;
        let offset = place(offset)?;
        let mut allowed = bytes.len();
        let mut outcome = Ok(());
        if let Some(capacity) = self.plan.rates().capacity_bytes {
            let room = place(capacity.saturating_sub(self.used()))?;
            let inside = size.saturating_sub(offset);
            if inside.saturating_add(room) < bytes.len() {
                allowed = inside + room;
                if fault != Some(Fault::DiskFull) {
                    self.plan.count(Fault::DiskFull);
                }
                outcome = Err(ErrorKind::StorageFull.into());
            }
        }
        if fault == Some(Fault::WriteError) {
            allowed = place(self.stream.below(allowed as u64 + 1))?;
            outcome = Err(io::Error::other("input/output error"));
        }
        if let Some(inode) = self.files.get_mut(&file) {
            inode.write(offset, &bytes[..allowed]);
        }
        if self.is_off {
            outcome = Err(io::Error::other("the power is off"));
        }
        outcome
    }

    /// Ends a change of names or sizes, which is done wholly or not at all.
    pub(crate) fn fails_whole(fault: Option<Fault>) -> io::Result<()> {
        match fault {
            Some(Fault::WriteError) => Err(io::Error::other("input/output error")),
            Some(Fault::PowerCut) => Err(io::Error::other("the power is off")),
            _ => Ok(()),
        }
    }

    /// Decides about a sync: whether it is done, how long it takes, and what else happens.
    pub(crate) fn begin_sync(&mut self) -> io::Result<(Option<Fault>, Duration)> {
        self.is_alive(self.life)?;
        let fault = self.plan.at_sync(&mut self.stream);
        if let Some(fault) = fault {
            self.plan.count(fault);
        }
        if self.is_read_only {
            return Err(ErrorKind::ReadOnlyFilesystem.into());
        }
        let duration = match fault {
            Some(Fault::SyncStall) => Duration::from_millis(STALL_MS),
            _ => Duration::from_micros(SYNC_US),
        };
        Ok((fault, duration))
    }

    pub(crate) fn sync(&mut self, file: u64) -> io::Result<Duration> {
        let (fault, duration) = self.begin_sync()?;
        let Some(inode) = self.files.get_mut(&file) else {
            return Err(ErrorKind::NotFound.into());
        };
        match fault {
            Some(Fault::SyncFailure) => {
                inode.drop_dirty(&mut self.stream);
                return Err(io::Error::other("input/output error"));
            }
            Some(Fault::PowerCut) => {
                // Before anything was done, or after all was but before the program heard of it.
                if self.stream.chance(0.5) {
                    inode.sync();
                }
                self.is_off = true;
                return Err(io::Error::other("the power is off"));
            }
            _ => inode.sync(),
        }
        if fault == Some(Fault::BitFlip) && !inode.durable.is_empty() {
            let offset = place(self.stream.below(inode.durable.len() as u64))?;
            let bit = u8::try_from(self.stream.below(8)).unwrap_or(0);
            inode.flip(offset, bit);
        }
        Ok(duration)
    }

    pub(crate) fn sync_names(&mut self) -> io::Result<()> {
        let (fault, _) = self.begin_sync()?;
        match fault {
            Some(Fault::SyncFailure) => Err(io::Error::other("input/output error")),
            Some(Fault::PowerCut) => {
                self.is_off = true;
                Err(io::Error::other("the power is off"))
            }
            _ => {
                self.durable_names.clone_from(&self.names);
                Ok(())
            }
        }
    }

    pub(crate) fn size(&self, file: u64) -> io::Result<usize> {
        let inode = self.files.get(&file).ok_or(ErrorKind::NotFound)?;
        Ok(inode.cache.len())
    }

    pub(crate) fn kill(&mut self) {
        self.life += 1;
        self.lock = None;
        self.is_off = false;
    }

    pub(crate) fn crash(&mut self) {
        self.kill();
        self.is_read_only = false;
        for inode in self.files.values_mut() {
            if inode.crash(&mut self.stream) {
                self.plan.count(Fault::TornWrite);
            }
        }
        let names: Vec<String> = self
            .names
            .keys()
            .chain(self.durable_names.keys())
            .cloned()
            .collect();
        for name in names {
            let (now, durable) = (self.names.get(&name), self.durable_names.get(&name));
            if now == durable || self.stream.chance(0.5) {
                continue;
            }
            // The change of this name did not reach the disk.
            if let Some(durable) = durable.copied() {
                self.names.insert(name, durable);
            } else {
                self.names.remove(&name);
                self.plan.count(Fault::LostName);
            }
        }
        self.durable_names.clone_from(&self.names);
        let names = &self.names;
        self.files
            .retain(|file, _| names.values().any(|named| named == file));
    }
}

/// A place in a file as memory has it.
pub(crate) fn place(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge.into())
}
