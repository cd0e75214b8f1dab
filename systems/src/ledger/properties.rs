//! Whatever the order of reports, however often each comes, the ledger ends where the broker is,
//! and on the way it never gives back what may still be filled.

use crate::ledger::model::*;
use crate::ledger::trial::*;
use crate::ledger::*;
use proptest::prelude::*;
use proptest::sample::Index;

const BEGIN: i64 = 1_000_000_000;

fn begin(orders: &[TrueOrder]) -> Trial {
    let mut trial = Trial::new();
    for order in orders {
        trial.send(order.intent());
    }
    trial
}

fn take(trial: &mut Trial, step: &Step) {
    match step {
        Step::Said(report) => trial.report(report.clone()),
        Step::Decided(record) => trial.record(record.clone()),
    };
}

/// Money neither appears nor vanishes: what was paid is in what is held, in fees or lost.
fn conserved(ledger: &Ledger) -> bool {
    let cost: i64 = ledger.positions().map(|(_, held)| held.cost.0).sum();
    let account = ledger.account();
    account.cash.0 == account.initial.0 + account.realized.0 - account.fees.0 - cost
}

/// What must hold of an order after each step, given how it was before.
fn check_order(
    before: Option<&LedgerOrder>,
    after: &LedgerOrder,
    order: &TrueOrder,
) -> Result<(), TestCaseError> {
    let (now, intended) = (&after.followed, after.followed.intent.order.quantity);
    prop_assert!(now.filled <= intended, "{now:?}");
    let last: u64 = order
        .revisions()
        .into_iter()
        .map(|(first, last, _)| u64::from(last.unwrap_or(first).quantity))
        .sum();
    prop_assert!(
        after.executed + after.unfilled() >= last,
        "{order:?} {after:?}"
    );
    let Some(before) = before.map(|order| &order.followed) else {
        return Ok(());
    };
    prop_assert!(before.filled <= now.filled);
    if before.status.is_terminal() {
        prop_assert_eq!(before.status, now.status);
    }
    Ok(())
}

fn snapshot(ledger: &Ledger) -> Vec<LedgerOrder> {
    ledger.orders.all().cloned().collect()
}

fn check_steps(orders: &[TrueOrder], steps: &[Step]) -> Result<Trial, TestCaseError> {
    let mut trial = begin(orders);
    for step in steps {
        let before = snapshot(&trial.ledger);
        take(&mut trial, step);
        for order in orders {
            let known = before.iter().find(|known| known.id() == order.id);
            check_order(known, trial.ledger.order(order.id).unwrap(), order)?;
        }
        prop_assert!(conserved(&trial.ledger));
        prop_assert!(trial.ledger.next_order().0 == orders.len() as u64 + 1);
    }
    Ok(trial)
}

fn check_truth(trial: &Trial, orders: &[TrueOrder]) -> Result<(), TestCaseError> {
    let (held, cash, fees) = truth(orders);
    let account = trial.ledger.account();
    prop_assert_eq!(trial.held(), held);
    prop_assert_eq!(account.fees.0, fees);
    prop_assert_eq!(account.cash.0, BEGIN + cash - fees);
    Ok(())
}

fn heard(steps: &[Step]) -> Vec<u64> {
    let executed = steps.iter().filter_map(|step| match step {
        Step::Said(Report::Executed(execution)) => Some(execution.id.base),
        _ => None,
    });
    executed.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_order_of_reports_ends_where_the_broker_is((orders, steps) in day()) {
        let trial = check_steps(&orders, &steps)?;
        check_truth(&trial, &orders)?;
        let realized = trial.ledger.account().realized.0;
        prop_assert_eq!(realized, profit(&orders, &heard(&steps)));
        for order in &orders {
            let followed = &trial.ledger.order(order.id).unwrap().followed;
            prop_assert_eq!(followed.filled, order.filled());
            if order.is_over() {
                prop_assert!(followed.status.is_terminal(), "{:?}", followed);
            }
        }
    }

    /// Part of the reports is lost; one answer of the broker makes good for them.
    #[test]
    fn an_answer_makes_good_for_what_was_lost(
        (orders, steps) in day(),
        lost in any::<Index>(),
    ) {
        let lost = lost.index(steps.len() + 1);
        let mut trial = check_steps(&orders, &steps[lost..])?;
        let plan = trial.wait(1).reconcile(1, answer(&orders));
        prop_assert!(plan.cancels.is_empty() && plan.latch.is_none(), "{:?}", plan);
        check_truth(&trial, &orders)?;
        prop_assert!(conserved(&trial.ledger));
        for order in &orders {
            let ours = trial.ledger.order(order.id).unwrap();
            prop_assert_eq!(ours.status().is_terminal(), order.is_over(), "{:?}", ours);
        }
        // What is said once more, and asked once more, changes nothing.
        let before = trial.ledger.clone();
        for step in steps.iter().filter(|step| matches!(step, Step::Said(Report::Executed(_)))) {
            take(&mut trial, step);
        }
        prop_assert_eq!(before.account(), trial.ledger.account());
        let plan = trial.wait(1).reconcile(1, answer(&orders));
        prop_assert!(plan.reports.is_empty() && plan.records.len() == 1, "{:?}", plan);
        for order in orders.iter().filter(|order| order.is_over()) {
            prop_assert_eq!(trial.unfilled(order.id), 0);
        }
    }

    /// A session ends anywhere: reading from its last record comes to the same ledger, and what the
    /// broker did is in both.
    #[test]
    fn a_new_session_can_begin_anywhere((orders, steps) in day(), at in any::<Index>()) {
        let at = at.index(steps.len() + 1);
        let mut through = begin(&orders);
        for step in &steps[..at] {
            take(&mut through, step);
        }
        through.record(Record::Latched { level: Restriction::Halted, cause: Cause::Clock });
        let state = through.ledger.open_state(20_240_104, Cash(BEGIN - 1));
        prop_assert_eq!(state.account.losing_days, 1);
        let reserved = |ledger: &Ledger| -> Vec<(OrderId, u64)> {
            let all = ledger.reservations();
            all.filter(|one| one.quantity > 0).map(|one| (one.order, one.quantity)).collect()
        };
        let before = reserved(&through.ledger);
        let mut from = through.clone();
        from.ledger = Ledger::from(state.clone());
        through.changes.clear();
        through.record(Record::DayOpened(Box::new(state)));
        prop_assert_eq!(&through.changes[..], &[Change::DayOpened { date: 20_240_104 }][..]);
        prop_assert_eq!(before, reserved(&through.ledger));
        for step in &steps[at..] {
            take(&mut through, step);
            take(&mut from, step);
            prop_assert!(conserved(&through.ledger));
        }
        prop_assert_eq!(&through.ledger, &from.ledger);
        prop_assert_eq!(through.ledger.restriction(), Restriction::Halted);
        check_truth(&through, &orders)?;
        // A third session carries the same again.
        let carried = from.ledger.open_state(20_240_105, Cash(BEGIN));
        let again = Ledger::from(carried.clone());
        prop_assert_eq!(again.open_state(20_240_105, Cash(BEGIN)), carried);
    }

    /// Whatever comes of what is in flight, a position ends inside the range that was foretold.
    #[test]
    fn what_is_reserved_covers_what_comes((mut orders, steps) in day()) {
        let parts = orders.iter_mut().flat_map(|order| &mut order.executions);
        parts.for_each(|(.., corrected)| *corrected = None);
        let (end, ..) = truth(&orders);
        let mut trial = begin(&orders);
        for step in &steps {
            let is_true = match step {
                Step::Said(Report::Executed(execution)) => execution.id.revision == 1,
                _ => true,
            };
            if is_true {
                take(&mut trial, step);
            }
            let range = trial.ledger.holding_range(&instrument());
            prop_assert!(range.least <= end && end <= range.most, "{:?} {}", range, end);
            check_ranges(&trial.ledger)?;
        }
    }

    /// A bracket whose legs obey its group: what closes is what is held, counted once, and a stop
    /// covers all of it.
    #[test]
    fn a_bracket_closes_what_is_held(
        quantity in 1_u32..6,
        trades in proptest::collection::vec((0_usize..3, 1_u32..4), 0..12),
    ) {
        let mut trial = Trial::new();
        let orders = bracket(&mut trial, quantity);
        for (place, order) in orders.iter().enumerate() {
            trial.accept(*order, 1_001 + place as u64);
        }
        let mut done = [0, 0, 0];
        for (base, (place, wanted)) in trades.into_iter().enumerate() {
            let left = match place {
                0 => quantity - done[0],
                _ => done[0] - done[1] - done[2],
            };
            let traded = wanted.min(left);
            if traded == 0 {
                continue;
            }
            done[place] += traded;
            let (order, base) = (orders[place], base as u64);
            trial.report(match place {
                0 => bought(order, base, traded, done[place]),
                _ => sold(order, base, traded, done[place]),
            });
            let held = u64::from(done[0] - done[1] - done[2]);
            prop_assert_eq!(closing(&trial.ledger), held.cast_signed());
            let protection = trial.ledger.protection(&contract());
            prop_assert_eq!(protection.working + protection.pending, held);
            let range = trial.ledger.holding_range(&instrument());
            check_ranges(&trial.ledger)?;
            prop_assert_eq!(range.least, 0);
            prop_assert_eq!(range.most, i64::from(quantity - done[1] - done[2]));
            let spent = i64::from(quantity - done[0]) * 1_000_000;
            prop_assert_eq!(trial.premium_wanted(), Some(Cash(spent)));
            // A new session changes none of it.
            let state = trial.ledger.open_state(20_240_104, Cash(BEGIN));
            let next = Ledger::from(state);
            prop_assert_eq!(closing(&next), held.cast_signed());
            prop_assert_eq!(next.holding_range(&instrument()), range);
            prop_assert_eq!(next.holding(&instrument()), trial.ledger.holding(&instrument()));
        }
    }

    /// Other orders of ours, and numbers that go back, never bring a number twice.
    #[test]
    fn numbers_only_rise(seen in proptest::collection::vec(0_u64..60, 0..20)) {
        let mut trial = Trial::new();
        let mut last = OrderId(0);
        for (turn, number) in seen.into_iter().enumerate() {
            match turn % 3 {
                0 => trial.report(Report::Connected {
                    account: String::new(),
                    next_order: OrderId(number),
                }),
                1 => trial.accept(OrderId(number), 1),
                _ => trial.report(Report::State(Box::new(BrokerState {
                    completed: vec![over(OrderId(number), 5, 0)],
                    next_order: OrderId(number / 2),
                    ..BrokerState::default()
                }))),
            };
            prop_assert!(trial.ledger.next_order() > last);
            last = trial.entry(1);
        }
    }
}

/// All ranges at once are the range of each, and none is left out that could move.
fn check_ranges(ledger: &Ledger) -> Result<(), TestCaseError> {
    let ranges = ledger.holding_ranges();
    for (instrument, range) in &ranges {
        prop_assert_eq!(*range, ledger.holding_range(instrument));
    }
    let single = ledger.holding_range(&instrument());
    let flat = HoldingRange { least: 0, most: 0 };
    prop_assert_eq!(ranges.get(&instrument()).copied().unwrap_or(flat), single);
    Ok(())
}

/// I6: an execution of each of two orders, a correction and their charges, in all orders there are.
#[test]
fn charges_and_executions_settle_to_the_same_in_every_order() {
    let order = |id, price, corrected| TrueOrder {
        id: OrderId(id),
        sell: id == 2,
        quantity: 2,
        executions: vec![(2, price, 650, corrected)],
        cancelled: false,
        acknowledged: false,
    };
    let orders = [order(1, 10_000, None), order(2, 14_000, Some(1))];
    let said: Vec<Report> = orders.iter().flat_map(TrueOrder::messages).collect();
    assert_eq!(said.len(), 5);
    let mut tried = 0;
    permute(&mut (0..5).collect::<Vec<usize>>(), 0, &mut |places| {
        let steps: Vec<Step> = places
            .iter()
            .map(|place| Step::Said(said[*place].clone()))
            .collect();
        let trial = check_steps(&orders, &steps).unwrap();
        check_truth(&trial, &orders).unwrap();
        tried += 1;
    });
    assert_eq!(tried, 120);
}

fn permute(places: &mut Vec<usize>, fixed: usize, visit: &mut impl FnMut(&[usize])) {
    if fixed == places.len() {
        visit(places);
        return;
    }
    for other in fixed..places.len() {
        places.swap(fixed, other);
        permute(places, fixed + 1, visit);
        places.swap(fixed, other);
    }
}
