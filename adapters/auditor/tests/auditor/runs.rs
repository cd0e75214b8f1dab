//! Runs and what the caller knows: I32, I34 to I37, I45 to I47.

use crate::desk::{Desk, MONDAY, contract};
use auditor::{Mirrored, QueuePeak, same};
use components::contract::Instrument;
use components::market::Side;
use components::order::{Execution, ExecutionId, OrderId, OrderKind, PermId, Role};
use components::units::{Cash, Price, Timestamp};
use engine::record::{Cause, Record, Restriction, RunStart, Settling};
use engine::report::Report;
use simulator::Message;

const LIMIT: OrderKind = OrderKind::Limit(Price(20_000));

fn open(desk: &mut Desk) {
    let intent = desk.intent(Role::Entry, contract("AAA", 100), 1, LIMIT);
    desk.place(intent);
}

#[test]
fn i32_acknowledged_and_lost() {
    let mut desk = Desk::new();
    desk.limits.evidence.acknowledged = Some(9);
    desk.limits.evidence.recovered = Some(9);
    assert_eq!(desk.is_clean().figures.lost_records, Some(0));
    desk.limits.evidence.recovered = Some(7);
    desk.violates(32, "expected at least 9");
    assert_eq!(desk.audit().figures.lost_records, Some(2));
}

#[test]
fn i34_a_restart_that_leaves_a_trace() {
    let mut desk = Desk::new();
    desk.tick();
    desk.start();
    open(&mut desk);
    desk.violates(34, "expected an answer of the broker before");
    let mut desk = Desk::new();
    desk.tick();
    desk.start();
    desk.reconcile();
    desk.next_order += 1;
    open(&mut desk);
    desk.violates(34, "is the first after a restart; expected o1");
}

#[test]
fn i34_and_i35_equal_runs() {
    let run = |quantity| {
        let mut desk = Desk::new();
        desk.position(contract("AAA", 100), quantity);
        desk.tick();
        desk.frames
    };
    assert_eq!(same(35, run(1), run(1)), None);
    let found = same(35, run(1), run(2)).unwrap();
    assert_eq!((found.invariant, found.tick), (35, 2));
    assert!(
        found.what.contains("reports") || found.what.contains("records"),
        "{found}"
    );
    let shorter = run(1)[..2].to_vec();
    let found = same(34, run(1), shorter).unwrap();
    assert!(found.what.contains("second journal ends"), "{found}");
}

#[test]
fn i36_two_engines() {
    let mut desk = Desk::new();
    desk.session += 1;
    desk.start();
    desk.violates(36, "run 3 follows run 1");
    let mut desk = Desk::new();
    desk.frame.tick = 1;
    desk.violates(36, "tick 1 follows tick 1");
    let mut desk = Desk::new();
    desk.session = 2;
    desk.receive(Message::Query(8), None);
    desk.session = 1;
    desk.receive(Message::Query(9), None);
    desk.violates(36, "client 1 speaks after client 2");
}

#[test]
fn i37_a_mirror_ahead_of_the_journal() {
    let seen = |epoch, seq, durable| Mirrored {
        epoch,
        seq,
        durable,
    };
    let mut desk = Desk::new();
    desk.limits.evidence.mirrored = vec![seen(1, 5, 5), seen(2, 1, 9)];
    desk.is_clean();
    desk.limits.evidence.mirrored = vec![seen(1, 6, 5)];
    desk.violates(37, "shows frame 6");
    desk.limits.evidence.mirrored = vec![seen(2, 1, 5), seen(1, 2, 5)];
    desk.violates(37, "epoch fell from 2 to 1");
}

#[test]
fn i45_the_interlock() {
    for (live, account, broken) in [
        (false, "DU0000001", false),
        (true, "DU0000001", true),
        (true, "U1234567", false),
        (false, "U1234567", true),
    ] {
        let mut desk = Desk::new();
        desk.record(Record::RunStarted(RunStart {
            run: 2,
            program: 1,
            config: 2,
            account: account.to_owned(),
            live,
        }));
        if broken {
            desk.violates(45, account);
        } else {
            desk.is_clean();
        }
    }
    let mut desk = Desk::new();
    desk.hear(Report::Connected {
        account: "DU0000001X".to_owned(),
        next_order: OrderId(1),
    });
    desk.tick();
    open(&mut desk);
    desk.violates(45, "while connected to DU0000001X");
}

/// A journal that no engine wrote is judged and not trusted: no number is too large.
#[test]
fn numbers_at_their_ends_break_nothing() {
    let mut desk = Desk::new();
    let mut wild = contract("AAA", 100);
    wild.terms.multiplier = u32::MAX;
    let kind = OrderKind::Limit(Price(i64::MAX));
    let mut intent = desk.intent(Role::Entry, wild, u32::MAX, kind);
    intent.order.id = OrderId(u64::MAX);
    for side in [Side::Buy, Side::Sell] {
        intent.order.side = side;
        desk.record(Record::Intended(intent));
        desk.receive(Message::Submit(intent.order), None);
    }
    let instrument = Instrument::Option(wild);
    for (revision, side) in [(1, Side::Buy), (2, Side::Sell), (3, Side::Buy)] {
        desk.hear(Report::Executed(Execution {
            id: ExecutionId {
                base: u64::MAX,
                revision,
            },
            order: Some(intent.order.id),
            perm: PermId(u64::MAX),
            instrument,
            side,
            quantity: u32::MAX,
            price: Price(i64::MIN),
            cumulative: u32::MAX,
            at: Timestamp(i64::MIN),
        }));
    }
    for (from, to) in [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN)] {
        let price = Price(i64::MAX);
        desk.record(Record::Adjusted {
            instrument,
            from,
            to,
            price,
        });
    }
    for fees in [i64::MIN, i64::MAX] {
        desk.hear(Report::Charged {
            execution: ExecutionId {
                base: u64::MAX,
                revision: 3,
            },
            fees: Cash(fees),
        });
    }
    desk.record(Record::ClockJumped { millis: i64::MIN });
    desk.record(Record::Settled {
        instrument,
        quantity: i64::MIN,
        price: Price(i64::MAX),
        how: Settling::Delivered,
    });
    desk.record(Record::RunStarted(RunStart {
        run: u64::MAX,
        program: 0,
        config: 0,
        account: String::new(),
        live: true,
    }));
    desk.record(Record::Heard { report: u32::MAX });
    desk.frame.now = Timestamp(i64::MAX);
    desk.frame.session = (0, Timestamp(i64::MIN), Timestamp(i64::MAX));
    intent.order.at = Timestamp(i64::MIN);
    desk.record(Record::Intended(intent));
    let state = desk.open_state(MONDAY);
    desk.record(Record::DayOpened(Box::new(state)));
    let found = desk.audit().violations;
    assert!(
        found.iter().any(|violation| violation.invariant == 3),
        "{found:#?}"
    );
}

#[test]
fn i46_a_queue_beyond_its_bound() {
    let mut desk = Desk::new();
    let queue = |peak| QueuePeak {
        name: "reports".to_owned(),
        peak,
        bound: 10,
    };
    desk.limits.evidence.queues = vec![queue(10)];
    desk.is_clean();
    desk.limits.evidence.queues = vec![queue(11)];
    desk.violates(46, "queue reports held 11");
}

#[test]
fn i47_what_never_settles() {
    let mut desk = Desk::new();
    desk.limits.evidence.faults_end = Some(desk.now());
    open(&mut desk);
    let unknown = OrderId(1);
    desk.record(Record::TimedOut { order: unknown });
    desk.wait(121_000);
    desk.violates(47, "order o1");
    let mut desk = Desk::new();
    desk.limits.evidence.faults_end = Some(desk.now());
    desk.hear(Report::Disconnected { code: 0 });
    desk.wait(61_000);
    desk.violates(47, "the line to be in order");
    desk.latch(Restriction::Halted, Cause::Errors);
    desk.is_clean();
}
