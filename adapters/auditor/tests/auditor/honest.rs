//! Honest histories have no violation: one by hand, and any that a small generator makes.

use crate::desk::{Desk, contract};
use components::order::{OrderKind, OrderStatus, Role};
use components::units::{Cash, Price, Timestamp};
use engine::command::CommandSource;
use engine::record::{Cause, Record, Restriction};
use engine::report::Report;
use proptest::prelude::*;

#[test]
fn a_day_as_it_should_be() {
    let mut desk = Desk::new();
    let bracket = desk.position(contract("AAA", 100), 2);
    desk.reconcile();
    let stop = desk.intents[&bracket[1]].order;
    let kind = OrderKind::StopLimit {
        stop: Price(15_000),
        limit: Price(14_000),
    };
    desk.record(Record::Modified {
        order: stop.id,
        kind,
        quantity: 2,
    });
    let changed = components::order::Order { kind, ..stop };
    desk.receive(simulator::Message::Modify(changed), None);
    desk.entry(stop.id).kind = kind;
    desk.tick();
    desk.accept(stop.id);
    desk.exit(bracket, 2, 21_000);
    desk.reconcile();
    desk.next_day(|_| {});
    let audit = desk.is_clean();
    let figures = audit.figures;
    assert_eq!(
        (figures.orders, figures.executions, figures.runs),
        (4, 2, 1)
    );
    assert_eq!((figures.orphan_orders, figures.duplicate_orders), (0, 0));
    assert_eq!(figures.recoveries.len(), 1);
    assert_eq!(figures.recovery_ms(), Some((250, 250)));
    // Filled with its stop at once; then the stop was cancelled to make room for the exit.
    let exposed: Vec<(u64, i64)> = figures
        .unprotected
        .iter()
        .map(|one| (one.contracts, one.millis))
        .collect();
    assert_eq!(exposed, [(0, 0), (2, 500)]);
    assert_eq!(figures.unprotected_ms(), Some((500, 500)));
}

#[test]
fn a_halt_is_measured() {
    let mut desk = Desk::new();
    let [entry, ..] = desk.bracket(contract("AAA", 100), 1);
    desk.tick();
    desk.command(CommandSource::Mirror, 1);
    desk.latch(Restriction::Halted, Cause::Operator);
    desk.tick();
    desk.cancel(entry);
    desk.tick();
    desk.clear(7);
    let figures = desk.is_clean().figures;
    let halt = figures.halts[0];
    assert_eq!((halt.openings_after, halt.cancels_ms), (0, Some(250)));
    assert!(halt.lifted.is_some());
}

/// The audit of a full session is far from being the slow part of a simulation.
#[test]
fn a_session_of_frames_is_audited_in_linear_time() {
    let audit_of = |ticks: i64| {
        let mut desk = Desk::new();
        desk.position(contract("AAA", 100), 1);
        for _ in 0..ticks {
            desk.tick();
        }
        desk.is_clean().figures.frames
    };
    assert_eq!(audit_of(93_600), 93_603);
}

/// A position that is open, and how many contracts it has.
type Open = ([components::order::OrderId; 3], u32);

#[derive(Clone, Copy, Debug)]
enum Step {
    Open {
        quantity: u32,
        in_parts: bool,
        charge_first: bool,
    },
    Exit {
        price: i64,
    },
    Target,
    Repeat,
    Silence {
        taken: bool,
    },
    Refused,
    Halt,
    Restart,
    Night,
    Ask,
    Outage,
}

fn opening((quantity, in_parts, charge_first): (u32, bool, bool)) -> Step {
    Step::Open {
        quantity,
        in_parts,
        charge_first,
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (1_u32..5, any::<bool>(), any::<bool>()).prop_map(opening),
        3 => (5_000_i64..60_000).prop_map(|price| Step::Exit { price: price / 500 * 500 }),
        1 => Just(Step::Target),
        1 => Just(Step::Repeat),
        1 => any::<bool>().prop_map(|taken| Step::Silence { taken }),
        1 => Just(Step::Refused),
        1 => Just(Step::Halt),
        1 => Just(Step::Restart),
        1 => Just(Step::Night),
        1 => Just(Step::Ask),
        1 => Just(Step::Outage),
    ];
    prop::collection::vec(step, 1..25)
}

fn open(desk: &mut Desk, open: &mut Vec<Open>, strike: u32, step: (u32, bool, bool)) {
    let (quantity, in_parts, charge_first) = step;
    let symbol = if open
        .iter()
        .filter(|(b, _)| symbol_of(desk, b) == "AAA")
        .count()
        < 2
    {
        "AAA"
    } else {
        "BBB"
    };
    let bracket = desk.bracket(contract(symbol, strike), quantity);
    let parts = if in_parts && quantity > 1 {
        vec![1, quantity - 1]
    } else {
        vec![quantity]
    };
    for part in parts {
        let (executed, charged) = desk.execute(bracket[0], part, 19_500);
        if charge_first {
            desk.pay(charged);
            desk.hear(executed);
        } else {
            desk.hear(executed);
            desk.tick();
            desk.pay(charged);
        }
    }
    open.push((bracket, quantity));
}

fn symbol_of(desk: &Desk, bracket: &[components::order::OrderId; 3]) -> String {
    desk.intents[&bracket[0]]
        .order
        .contract
        .underlying
        .as_str()
        .to_owned()
}

fn silence(desk: &mut Desk, strike: u32, taken: bool) {
    let intent = desk.intent(
        Role::Entry,
        contract("CCC", strike),
        1,
        OrderKind::Limit(Price(20_000)),
    );
    let order = desk.intend(intent).order;
    if taken {
        desk.arrive(order);
    }
    desk.tick();
    desk.sent(order.id);
    desk.wait(10_250);
    desk.record(Record::TimedOut { order: order.id });
    if taken {
        desk.reconcile_with(|desk| desk.accept(order.id));
        desk.cancel(order.id);
        // Only now is it certain that nothing of it was executed.
        desk.reconcile();
        return;
    }
    for wait in [30_000, 30_000, 5_000] {
        desk.reconcile();
        desk.wait(wait);
    }
    desk.reconcile_with(|desk| {
        desk.record(Record::Resolved {
            order: order.id,
            status: OrderStatus::NotReceived,
        });
        desk.status.insert(order.id, OrderStatus::NotReceived);
    });
}

fn take(desk: &mut Desk, held: &mut Vec<Open>, strike: u32, step: Step) {
    match step {
        Step::Open { .. } if held.len() >= 4 => {}
        Step::Open {
            quantity,
            in_parts,
            charge_first,
        } => {
            open(desk, held, strike, (quantity, in_parts, charge_first));
        }
        Step::Exit { price } => {
            if let Some((bracket, quantity)) = held.pop() {
                desk.exit(bracket, quantity, price);
            }
        }
        Step::Target => {
            if let Some((bracket, quantity)) = held.pop() {
                desk.fill(bracket[2], quantity, 39_500);
                desk.tick();
                desk.ended(bracket[1]);
            }
        }
        Step::Repeat => {
            for execution in desk.ledger.executions.clone() {
                desk.hear(Report::Executed(*execution.last().unwrap()));
            }
        }
        Step::Silence { taken } => silence(desk, strike, taken),
        Step::Refused => {
            let intent = desk.intent(
                Role::Entry,
                contract("DDD", strike),
                1,
                OrderKind::Limit(Price(20_000)),
            );
            let order = desk.intend(intent).order;
            desk.receive(simulator::Message::Submit(order), Some(201));
            desk.tick();
            desk.sent(order.id);
            for _ in 0..3 {
                desk.hear(Report::Rejected {
                    order: order.id,
                    code: 201,
                    reason: "no".to_owned(),
                });
            }
            desk.status.insert(order.id, OrderStatus::Rejected);
            desk.wait(20_000);
        }
        Step::Halt => {
            desk.latch(Restriction::Halted, Cause::Volatility);
            desk.wait(3_000);
            desk.clear(u64::from(strike));
        }
        Step::Restart => {
            desk.wait(5_000);
            desk.start();
            desk.reconcile();
        }
        Step::Night => {
            while let Some((bracket, quantity)) = held.pop() {
                desk.exit(bracket, quantity, 20_000);
            }
            desk.next_day(|_| {});
        }
        Step::Ask => desk.reconcile(),
        Step::Outage => {
            desk.hear(Report::Disconnected { code: 1_100 });
            desk.wait(20_000);
            desk.hear(Report::Resumed { code: 1_101 });
            desk.reconcile();
        }
    }
    desk.wait(2_000);
}

fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn an_honest_history_has_no_violation(steps in steps()) {
        let mut desk = Desk::new();
        desk.limits.day_loss_max = Cash(1_000_000_000);
        let mut held = Vec::new();
        let nights = steps.iter().filter(|step| matches!(step, Step::Night)).count();
        // The week has five days.
        prop_assume!(nights <= 4);
        for (place, step) in steps.into_iter().enumerate() {
            let strike = 100 + u32::try_from(place).unwrap();
            take(&mut desk, &mut held, strike, step);
        }
        desk.wait(1_000);
        desk.limits.evidence.faults_end = Some(Timestamp(desk.now().0 - 1_000_000_000));
        let audit = desk.audit();
        prop_assert!(audit.violations.is_empty(), "{:#?}", audit.violations);
        prop_assert_eq!(audit.figures.executions, desk.ledger.executions.len() as u64);
    }
}
