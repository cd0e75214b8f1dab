//! What holds for every seed: it repeats to the bit, the mirror changes nothing, orders happen.

use daemon::torture::plan::{MirrorKind, Plan};
use daemon::torture::run::{hush, quietly};
use daemon::torture::verdict::{try_seed, try_twice};

#[test]
fn a_seed_repeats_to_the_bit() {
    hush();
    let plan = Plan::short(3);
    let verdict = quietly(|| try_twice(&plan, &plan, 35)).unwrap();
    assert!(
        verdict.violations.iter().all(|v| v.invariant != 35),
        "{:?}",
        verdict.violations
    );
    let other = quietly(|| try_seed(&Plan::short(4))).unwrap();
    assert_ne!(verdict.journal_hash, other.journal_hash);
}

#[test]
fn a_failing_mirror_changes_nothing() {
    hush();
    let well = Plan {
        mirror: MirrorKind::Gone,
        ..Plan::calm(8)
    };
    let failing = Plan {
        mirror: MirrorKind::Failing,
        ..well.clone()
    };
    let verdict = quietly(|| try_twice(&well, &failing, 38)).unwrap();
    assert_eq!(verdict.violations, []);
    assert!(verdict.figures.orders >= 10, "{}", verdict.figures.orders);
}

#[test]
fn a_calm_seed_has_orders_and_executions_and_nothing_to_say() {
    let verdict = try_seed(&Plan::calm(1)).unwrap();
    assert_eq!(verdict.violations, []);
    assert!(
        verdict.faults.kinds.is_empty(),
        "{:?}",
        verdict.faults.kinds
    );
    assert!(verdict.figures.orders >= 10 && verdict.figures.executions >= 5);
    assert_eq!((verdict.lives, verdict.damaged), (1, false));
}

/// Each of these found a fault of the engine once. What a seed lives through moves with every change
/// of the engine, so that none of them is sure to find its fault again: a sample, not a guard.
#[test]
fn seeds_that_once_failed_stay_clean() {
    hush();
    for seed in [
        1, 10, 47, 164, 204, 222, 242, 257, 282, 309, 321, 347, 623, 891, 1914, 2639, 3357, 3367,
    ] {
        let verdict = quietly(|| try_seed(&Plan::short(seed))).unwrap();
        assert_eq!(verdict.violations, [], "seed {seed}");
    }
}
