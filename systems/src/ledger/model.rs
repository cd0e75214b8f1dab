//! What the broker did, as a second and simpler account of the same day: it knows which executions
//! took place in their last revision, adds them up, and nothing else. Shares no code with the
//! ledger.

use crate::ledger::trial::*;
use crate::ledger::*;
use components::units::Price;
use proptest::prelude::*;
use std::collections::BTreeSet;

/// An order as the broker had it.
#[derive(Clone, Debug)]
pub(super) struct TrueOrder {
    pub(super) id: OrderId,
    pub(super) sell: bool,
    pub(super) quantity: u32,
    /// Quantity, price, fees, and what it was corrected to.
    pub(super) executions: Vec<(u32, i64, i64, Option<u32>)>,
    /// Whether it was cancelled with what was filled by then.
    pub(super) cancelled: bool,
    /// Whether it was ever acknowledged.
    pub(super) acknowledged: bool,
}

/// What is heard and decided, in the order in which it reaches the ledger.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Said(Report),
    Decided(Record),
}

impl TrueOrder {
    pub(super) fn filled(&self) -> u32 {
        self.executions.iter().map(|(quantity, ..)| quantity).sum()
    }

    pub(super) fn is_over(&self) -> bool {
        self.cancelled || self.filled() == self.quantity
    }

    pub(super) fn intent(&self) -> OrderIntent {
        let (side, role) = if self.sell {
            (Side::Sell, Role::Exit)
        } else {
            (Side::Buy, Role::Entry)
        };
        intent(self.id, side, self.quantity, role)
    }

    fn base(&self, place: usize) -> u64 {
        self.id.0 * 100 + place as u64
    }

    /// Its executions in the order in which they took place: first and last revision of each.
    pub(super) fn revisions(&self) -> Vec<(Execution, Option<Execution>, Cash)> {
        let side = if self.sell { Side::Sell } else { Side::Buy };
        let mut cumulative = 0;
        let mut all = Vec::new();
        for (place, (quantity, price, fees, corrected)) in self.executions.iter().enumerate() {
            cumulative += quantity;
            let base = self.base(place);
            let mut first = execution(self.id, side, (base, 1), *quantity, cumulative);
            first.price = Price(*price);
            let last = corrected.map(|quantity| Execution {
                id: ExecutionId { base, revision: 2 },
                quantity: quantity.min(first.quantity),
                price: Price(price + 100),
                ..first
            });
            all.push((first, last, Cash(*fees)));
        }
        all
    }

    /// Everything that the broker says of it, once.
    pub(super) fn messages(&self) -> Vec<Report> {
        let mut said = Vec::new();
        if self.acknowledged {
            said.push(Report::Accepted {
                order: self.id,
                perm: PermId(1_000 + self.id.0),
            });
        }
        for (first, last, fees) in self.revisions() {
            let charged = last.unwrap_or(first).id;
            said.push(Report::Executed(first));
            said.extend(last.map(Report::Executed));
            said.push(Report::Charged {
                execution: charged,
                fees,
            });
        }
        if self.cancelled {
            let (order, perm) = (self.id, None);
            said.push(Report::Cancelled { order, perm });
        }
        said
    }
}

/// What the account holds in truth: quantity, money spent on it, fees.
pub(super) fn truth(orders: &[TrueOrder]) -> (i64, i64, i64) {
    let (mut held, mut cash, mut paid) = (0, 0, 0);
    for (order, (first, last, fees)) in orders
        .iter()
        .flat_map(|order| order.revisions().into_iter().map(move |all| (order, all)))
    {
        let counts = last.unwrap_or(first);
        let signed = i64::from(counts.quantity) * if order.sell { -1 } else { 1 };
        held += signed;
        cash -= signed * counts.price.0 * 100;
        paid += fees.0;
    }
    (held, cash, paid)
}

/// Profit by average cost of the last revisions, in the order in which each was first heard of.
pub(super) fn profit(orders: &[TrueOrder], heard: &[u64]) -> i64 {
    let all: BTreeMap<u64, (bool, u32, i64)> = orders
        .iter()
        .flat_map(|order| order.revisions().into_iter().map(move |all| (order, all)))
        .map(|(order, (first, last, _))| {
            let counts = last.unwrap_or(first);
            (first.id.base, (order.sell, counts.quantity, counts.price.0))
        })
        .collect();
    let (mut held, mut cost, mut profit) = (0_i64, 0_i64, 0_i64);
    let mut seen = BTreeSet::new();
    for base in heard.iter().filter(|base| seen.insert(**base)) {
        let (sell, quantity, price) = all[base];
        for unit in 0..quantity {
            // A closing trade takes its share of the cost at once, so that shares are cut but once.
            let signed = if sell { -1 } else { 1 };
            if held * signed >= 0 {
                held += signed;
                cost += signed * price * 100;
                continue;
            }
            let closes = i64::from(quantity - unit).min(held.abs());
            let share = cost * closes / held.abs();
            profit += -signed * closes * price * 100 - share;
            cost -= share;
            held += signed * closes;
            let opens = i64::from(quantity - unit) - closes;
            held += signed * opens;
            cost += signed * opens * price * 100;
            break;
        }
    }
    profit
}

/// The broker's whole answer.
pub(super) fn answer(orders: &[TrueOrder]) -> BrokerState {
    let mut state = BrokerState::default();
    for order in orders {
        let perm = 1_000 + order.id.0;
        if order.is_over() {
            state.completed.push(over(order.id, perm, order.filled()));
        } else {
            let mut open = working(Some(order.id), perm, order.quantity);
            open.filled = order.filled();
            state.open.push(open);
        }
        for (first, last, fees) in order.revisions() {
            state.executions.push((last.unwrap_or(first), Some(fees)));
        }
    }
    let (held, ..) = truth(orders);
    state.positions = vec![(instrument(), held)];
    state
}

fn order() -> impl Strategy<Value = TrueOrder> {
    let part = (
        1_u32..4,
        1_i64..50_000,
        0_i64..20_000,
        proptest::option::weighted(0.2, 0_u32..4),
    );
    let parts = proptest::collection::vec(part, 0..4);
    (parts, 0_u32..3, any::<bool>(), any::<[bool; 2]>()).prop_map(
        |(executions, rest, sell, [cancelled, acknowledged])| {
            let filled: u32 = executions.iter().map(|(quantity, ..)| quantity).sum();
            let quantity = (filled + rest).max(1);
            TrueOrder {
                id: OrderId(0),
                sell,
                quantity,
                executions,
                cancelled: cancelled && filled < quantity,
                acknowledged,
            }
        },
    )
}

/// Up to four orders.
pub(super) fn orders() -> impl Strategy<Value = Vec<TrueOrder>> {
    proptest::collection::vec(order(), 1..5).prop_map(|mut orders| {
        for (place, order) in orders.iter_mut().enumerate() {
            order.id = OrderId(place as u64 + 1);
        }
        orders
    })
}

/// Orders, and everything said of them one to four times in any order, with time-outs and wishes to
/// cancel between.
pub(super) fn day() -> impl Strategy<Value = (Vec<TrueOrder>, Vec<Step>)> {
    orders()
        .prop_flat_map(|orders| {
            let said: Vec<Report> = orders.iter().flat_map(TrueOrder::messages).collect();
            let times = proptest::collection::vec(1_usize..5, said.len());
            let wishes = proptest::collection::vec((0..orders.len(), any::<bool>()), 0..4);
            (Just(orders), Just(said), times, wishes)
        })
        .prop_flat_map(|(orders, said, times, wishes)| {
            let mut steps: Vec<Step> = Vec::new();
            for (report, times) in said.into_iter().zip(times) {
                steps.extend(std::iter::repeat_n(Step::Said(report), times));
            }
            for (order, silent) in wishes {
                let order = orders[order].id;
                steps.push(Step::Decided(if silent {
                    Record::TimedOut { order }
                } else {
                    Record::CancelIntended { order }
                }));
            }
            (Just(orders), Just(steps).prop_shuffle())
        })
}
