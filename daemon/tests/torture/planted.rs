//! A handful of planted faults is noticed, each within a few seeds: the way in which `torture
//! --planted` tries all of them.

use daemon::torture::planted::catch;
use daemon::torture::run::hush;

/// Seeds that each may take at most; all takes seconds.
const SEEDS: u64 = 4;

/// One of each kind: orders, risk, data and time, durability, pairs of runs, drills.
const QUICK: [u8; 12] = [1, 9, 10, 17, 22, 26, 28, 32, 38, 29, 45, 46];

#[test]
fn quick_ones_are_noticed() {
    hush();
    for bug in QUICK {
        let caught = catch(bug, SEEDS, false);
        assert!(caught.noticed, "{caught:?}");
    }
}

#[test]
fn what_is_not_planted_is_not_noticed() {
    hush();
    // No invariant has this number: whatever is found would be found without a fault as well.
    assert!(!catch(99, 2, false).noticed);
}
