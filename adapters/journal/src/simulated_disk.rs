//! A disk with faults: what was not synced may be lost in any part, and much else goes wrong.
//!
//! Everything is drawn from one seeded stream in the order of the calls, so the same calls on the
//! same seed see the same faults. The handle is shared: the disk outlives the process that is
//! simulated as killed.

use crate::disk_state::{State, place};
use crate::fault::{Fault, Occasion, Rates};
use crate::inode::Inode;
use crate::storage::{Access, Lock, Storage, StorageFile};
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A simulated disk with one directory; clones are the same disk.
#[derive(Clone)]
pub struct SimulatedDisk(Arc<Mutex<State>>);

impl SimulatedDisk {
    /// An empty disk with faults as drawn from `seed`.
    #[must_use]
    pub fn new(seed: u64, rates: Rates) -> Self {
        Self(Arc::new(Mutex::new(State::new(seed, rates))))
    }

    /// Lets `fault` happen at `occasion`, whatever the rates.
    pub fn script(&self, occasion: Occasion, fault: Fault) {
        self.state().plan.script(occasion, fault);
    }

    /// Forgets the scripted faults that have not happened yet.
    pub fn clear_script(&self) {
        self.state().plan.clear_script();
    }

    /// Changes the rates from now on.
    pub fn set_rates(&self, rates: Rates) {
        *self.state().plan.rates() = rates;
    }

    /// How often each fault has happened.
    #[must_use]
    pub fn faults(&self) -> BTreeMap<Fault, u64> {
        self.state().plan.counts()
    }

    /// How many writes and syncs there have been.
    #[must_use]
    pub fn operations(&self) -> (u64, u64) {
        self.state().plan.done()
    }

    /// The power goes off and on again: what was synced is left, and any part of the rest. Files
    /// that were open are dead, locks are free.
    pub fn crash(&self) {
        self.state().crash();
    }

    /// The process ends: files that were open are dead, locks are free, nothing is lost. If the
    /// power is off it comes back.
    pub fn kill(&self) {
        self.state().kill();
    }

    /// The bytes of a file as programs see them.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        let mut state = self.state();
        state.file_of(name).map(|inode| inode.cache.clone())
    }

    /// Puts a file on the disk, durably: to set up a case.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let file = state.new_file(name);
        state.files.insert(file, Inode::new(bytes));
        state.durable_names.insert(name.to_owned(), file);
    }

    /// Takes a file off the disk, durably; nothing if there is none: to set up a case.
    pub fn take(&self, name: &str) {
        let mut state = self.state();
        state.names.remove(name);
        state.durable_names.remove(name);
    }

    /// Turns over a bit of a file, durably.
    pub fn flip(&self, name: &str, offset: usize, bit: u8) {
        if let Some(inode) = self.state().file_of(name) {
            inode.flip(offset, bit);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SimulatedDisk {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the bytes of its files.
        formatter
            .debug_struct("SimulatedDisk")
            .finish_non_exhaustive()
    }
}

impl Storage for SimulatedDisk {
    fn path(&self, name: &str) -> PathBuf {
        Path::new("simulated disk").join(name)
    }

    fn lock(&self) -> io::Result<Lock> {
        let mut state = self.state();
        state.is_alive(state.life)?;
        if state.lock.is_some() {
            return Err(ErrorKind::WouldBlock.into());
        }
        state.lock = Some(state.life);
        Ok(Lock::new(HeldLock {
            disk: self.clone(),
            life: state.life,
        }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let state = self.state();
        state.is_alive(state.life)?;
        Ok(state.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn StorageFile>> {
        let mut state = self.state();
        if state.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let fault = state.begin_write()?;
        if fault != Some(Fault::WriteError) {
            state.new_file(name);
        }
        State::fails_whole(fault)?;
        drop(state);
        self.open(name, Access::Write)
    }

    fn open(&self, name: &str, access: Access) -> io::Result<Box<dyn StorageFile>> {
        let state = self.state();
        state.is_alive(state.life)?;
        let file = *state.names.get(name).ok_or(ErrorKind::NotFound)?;
        Ok(Box::new(SimulatedFile {
            disk: self.clone(),
            file,
            life: state.life,
            access,
        }))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        let fault = state.begin_write()?;
        if fault != Some(Fault::WriteError) {
            state.names.remove(name).ok_or(ErrorKind::NotFound)?;
        }
        State::fails_whole(fault)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.state().sync_names()
    }
}

/// Frees the lock, unless the process that held it was killed before.
#[derive(Debug)]
struct HeldLock {
    disk: SimulatedDisk,
    life: u64,
}

impl Drop for HeldLock {
    fn drop(&mut self) {
        let mut state = self.disk.state();
        if state.lock == Some(self.life) {
            state.lock = None;
        }
    }
}

/// An open file of a simulated disk.
#[derive(Debug)]
struct SimulatedFile {
    disk: SimulatedDisk,
    file: u64,
    life: u64,
    access: Access,
}

impl SimulatedFile {
    fn state(&self) -> io::Result<MutexGuard<'_, State>> {
        let state = self.disk.state();
        state.is_alive(self.life)?;
        Ok(state)
    }

    fn to_write(&self) -> io::Result<MutexGuard<'_, State>> {
        if self.access == Access::Read {
            return Err(ErrorKind::PermissionDenied.into());
        }
        self.state()
    }
}

impl StorageFile for SimulatedFile {
    fn size(&mut self) -> io::Result<u64> {
        Ok(self.state()?.size(self.file)? as u64)
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state()?;
        let inode = state.files.get(&self.file).ok_or(ErrorKind::NotFound)?;
        let rest = inode.cache.get(place(offset)?..).unwrap_or(&[]);
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.to_write()?.write(self.file, offset, bytes)
    }

    fn truncate(&mut self, size: u64) -> io::Result<()> {
        let mut state = self.to_write()?;
        let fault = state.begin_write()?;
        if fault != Some(Fault::WriteError)
            && let Some(inode) = state.files.get_mut(&self.file)
        {
            inode.truncate(place(size)?);
        }
        State::fails_whole(fault)
    }

    fn sync_data(&mut self) -> io::Result<Duration> {
        self.to_write()?.sync(self.file)
    }
}

#[cfg(test)]
mod tests;
