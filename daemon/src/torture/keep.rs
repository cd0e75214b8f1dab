//! A seed's journal and the broker's own ledger as files, for `alphatrader-audit`.

use super::seed::Remains;
use crate::exit::Failure;
use crate::simulate::kept::write_ledger;
use journal::Storage;
use std::path::Path;

/// Writes both into `directory`, which must not hold a journal yet.
///
/// # Errors
/// When a file is there already or cannot be written.
pub fn keep(directory: &Path, remains: &Remains) -> Result<(), Failure> {
    let failed = |path: &Path, error: std::io::Error| {
        let path = path.display();
        Failure::error(format_args!("{path} could not be written: {error}"))
    };
    std::fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
    let names = remains
        .disk
        .list()
        .map_err(|error| failed(directory, error))?;
    for name in names {
        let path = directory.join(&name);
        if path.exists() {
            let path = path.display();
            return Err(Failure::error(format_args!(
                "{path} is there already; give a new --keep"
            )));
        }
        let bytes = remains.disk.bytes(&name).unwrap_or_default();
        std::fs::write(&path, bytes).map_err(|error| failed(&path, error))?;
    }
    write_ledger(directory, &remains.gateway.ledger())
}
