//! Every breaker is set off at its limit and not one step before.

use super::super::money::cut;
use super::*;
use proptest::prelude::*;

pub(crate) fn config() -> BreakersConfig {
    let level = |loss_share, size_share| LossLevel {
        loss_share,
        size_share,
    };
    BreakersConfig {
        day_loss_levels: vec![level(0.5, 0.5), level(0.75, 0.25)],
        losing_trades_max: 3,
        losing_days_max: 3,
        drawdown_max: 0.10,
        errors_max: 10,
        rejections_max: 5,
        rejections_window_s: 60,
        volatility_sigmas: 3.0,
        volatility_returns: 78,
        volatility_returns_min: 30,
        volatility_pause_s: 900,
    }
}

fn calm() -> AccountState {
    AccountState {
        cash: Cash(1_000_000),
        initial: Cash(1_000_000),
        day_open_equity: Cash(1_000_000),
        high_water: Cash(1_000_000),
        ..AccountState::default()
    }
}

fn counters(account: &AccountState) -> Counters<'_> {
    Counters {
        account,
        equity: Cash(1_000_000),
        day_loss: Cash::ZERO,
        day_loss_max: Cash(20_000),
        errors: 0,
    }
}

fn causes(counters: &Counters<'_>, opens_session: bool) -> Vec<(Cause, Restriction, Until)> {
    let found = trips(counters, &config(), opens_session);
    found
        .iter()
        .map(|trip| (trip.cause, trip.level, trip.until))
        .collect()
}

#[test]
fn a_calm_account_is_not_restricted() {
    assert_eq!(causes(&counters(&calm()), true), []);
    assert_eq!(strictest([], []), Restriction::Active);
}

#[test]
fn the_day_loss_reduces_from_the_limit_on_until_the_session_ends() {
    let at = |day_loss| {
        causes(
            &Counters {
                day_loss: Cash(day_loss),
                ..counters(&calm())
            },
            false,
        )
    };
    assert_eq!(at(19_999), []);
    let reduced = [(Cause::DayLoss, Restriction::Reducing, Until::SessionEnd)];
    assert_eq!(
        (at(20_000).as_slice(), at(20_001).as_slice()),
        (&reduced[..], &reduced[..])
    );
    let account = AccountState {
        day_loss_reached: true,
        ..calm()
    };
    assert_eq!(
        causes(&counters(&account), false),
        reduced,
        "a recovery lifts nothing"
    );
}

#[test]
fn three_losing_trades_reduce_and_a_new_session_begins_anew() {
    let at = |losing_trades| {
        let account = AccountState {
            losing_trades,
            ..calm()
        };
        causes(&counters(&account), false)
    };
    assert_eq!(at(2), []);
    assert_eq!(
        at(3),
        [(
            Cause::LosingTrades,
            Restriction::Reducing,
            Until::SessionEnd
        )]
    );
    assert_eq!(at(0), [], "the ledger's counter is of the day");
}

#[test]
fn three_losing_days_reduce_at_the_open_and_an_operator_overrules_it_for_the_day() {
    let at = |losing_days, opens| {
        let account = AccountState {
            losing_days,
            ..calm()
        };
        causes(&counters(&account), opens)
    };
    assert_eq!(at(2, true), []);
    assert_eq!(
        at(3, true),
        [(Cause::LosingDays, Restriction::Reducing, Until::Cleared)]
    );
    assert_eq!(
        at(3, false),
        [],
        "cleared by hand, it stays cleared until the next open"
    );
}

#[test]
fn a_drawdown_of_a_tenth_halts_until_it_is_cleared() {
    let halted = [(Cause::Drawdown, Restriction::Halted, Until::Cleared)];
    let at = |equity, high_water| {
        let account = AccountState {
            high_water: Cash(high_water),
            ..calm()
        };
        causes(
            &Counters {
                equity: Cash(equity),
                ..counters(&account)
            },
            false,
        )
    };
    assert_eq!(at(900_001, 1_000_000), []);
    assert_eq!(at(900_000, 1_000_000), halted);
    assert_eq!(at(0, 1_000_000), halted);
    assert_eq!(at(1_800_001, 2_000_000), []);
}

#[test]
fn the_eleventh_critical_error_halts() {
    let at = |errors| {
        causes(
            &Counters {
                errors,
                ..counters(&calm())
            },
            false,
        )
    };
    assert_eq!(at(10), []);
    assert_eq!(
        at(11),
        [(Cause::Errors, Restriction::Halted, Until::Cleared)]
    );
}

#[test]
fn the_strictest_restriction_holds() {
    let trip = |level| Trip {
        cause: Cause::DayLoss,
        level,
        until: Until::SessionEnd,
    };
    let reducing = trip(Restriction::Reducing);
    assert_eq!(
        strictest([Restriction::Halted], [reducing]),
        Restriction::Halted
    );
    assert_eq!(
        strictest([Restriction::Active], [reducing]),
        Restriction::Reducing
    );
}

#[test]
fn what_is_halted_opens_nothing_and_closes_and_protects_on() {
    use Restriction::{Active, Flattening, Halted, Observing, Reducing};
    for level in [Reducing, Halted, Observing, Flattening] {
        assert!(
            !permits(level, Role::Entry) && permits(level, Role::Stop),
            "{level:?}"
        );
    }
    assert!(permits(Active, Role::Entry));
    for role in [Role::Exit, Role::Target] {
        assert!(permits(Halted, role) && permits(Flattening, role) && !permits(Observing, role));
    }
}

#[test]
fn sizes_are_cut_by_half_and_by_three_quarters_before_nothing_is_opened() {
    let levels = config().day_loss_levels;
    let size = |used_ppm| cut(8, size_ppm(used_ppm, &levels));
    assert_eq!((size(-5), size(499_999), size(500_000)), (8, 8, 4));
    assert_eq!((size(749_999), size(750_000), size(999_999)), (4, 2, 2));
    assert_eq!((size(PPM), size(i64::MAX)), (0, 0));
    assert_eq!(size_ppm(0, &[]), PPM);
}

#[test]
fn levels_out_of_order_are_refused_by_name() {
    let mut broken = config();
    broken.day_loss_levels.reverse();
    broken.volatility_returns_min = 79;
    let mut problems = Problems::new();
    broken.check(&mut problems);
    let told = problems.finish().unwrap_err().to_string();
    assert!(
        told.contains("day_loss_levels") && told.contains("volatility_returns_min"),
        "{told}"
    );
    let sound = |change: fn(&mut BreakersConfig)| {
        let mut config = config();
        change(&mut config);
        let mut problems = Problems::new();
        config.check(&mut problems);
        problems.finish().is_ok()
    };
    assert!(sound(|_| ()));
    assert!(
        sound(|config| config.volatility_returns_min = 78),
        "as many as there are"
    );
    assert!(
        sound(|config| config.day_loss_levels[1].size_share = 0.5),
        "no further cut"
    );
    assert!(
        !sound(|config| config.day_loss_levels[1].size_share = 0.6),
        "a larger size"
    );
    assert!(
        !sound(|config| config.day_loss_levels[1].loss_share = 0.5),
        "twice the same"
    );
}

proptest! {
    #[test]
    fn a_larger_loss_never_allows_a_larger_size(
        loss in 0_i64..1_200_000,
        more in 0_i64..1_200_000,
        shares in prop::collection::vec((0.0_f64..1.0, 0.0_f64..1.0), 0..5),
    ) {
        let levels: Vec<LossLevel> = shares
            .into_iter()
            .map(|(loss_share, size_share)| LossLevel { loss_share, size_share })
            .collect();
        prop_assert!(size_ppm(loss + more, &levels) <= size_ppm(loss, &levels));
    }
}
