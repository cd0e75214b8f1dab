//! SIGINT and SIGTERM set a flag; the run ends at its next tick. A second signal ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a shell reports for a program ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// The flag that SIGINT and SIGTERM set.
///
/// Where the signals cannot be caught the flag stays down and the signals end the program.
#[must_use]
pub fn stop_flag() -> Arc<AtomicBool> {
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    let caught = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::Relaxed) {
            std::process::exit(INTERRUPTED);
        }
    });
    if let Err(error) = caught {
        tracing::warn!("signals cannot be caught: {error}");
    }
    flag
}
