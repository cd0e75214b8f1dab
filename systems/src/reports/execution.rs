//! How orders were executed: how long the broker took, what the price was worth against the market of
//! the moment it was sent in, what failed, what it cost.
//!
//! Times are the engine's own: from the tick in which an order left to the reception of the report,
//! so that clocks of two machines are never compared. Executions count once, in their last revision.

use crate::books::Books;
use crate::chains::Chains;
use crate::dispatch::Sent;
use crate::reports::execution_sums::{Booked, ExecutionSums};
use crate::reports::histogram::Histogram;
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::market::{Quote, QuoteState};
use components::order::{Execution, Order, OrderId, Role};
use components::signal::StrategyName;
use components::units::{Cash, NANOS_PER_MILLI, Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::report::Report;
use std::collections::BTreeMap;

/// Executions remembered at most: a correction of an older one is not followed.
const EXECUTIONS_MAX: usize = 100_000;

/// How the orders of this process were executed.
#[derive(Resource, Clone, Debug, Default)]
pub struct ExecutionQuality {
    strategies: BTreeMap<StrategyName, ExecutionSums>,
    /// From leaving to the broker's first word.
    acknowledged: Histogram,
    /// From leaving to the first execution, of orders that open or close now.
    filled: Histogram,
    /// Executions shown to those who watch.
    dispatched: u64,
    open: BTreeMap<OrderId, Open>,
    booked: BTreeMap<u64, Booked>,
    charges: BTreeMap<u64, Cash>,
    /// The first tick of this process: what was executed before it is not of its orders.
    since: Option<Timestamp>,
}

/// An order that left and is not over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    sent_at: Timestamp,
    strategy: StrategyName,
    role: Role,
    quantity: u32,
    /// The sum of bid and ask when it left, where both were there.
    twice_mid: Option<i64>,
    limit: Option<Price>,
    acknowledged: bool,
    filled: bool,
}

impl ExecutionQuality {
    /// The sums by strategy, in order.
    pub fn by_strategy(&self) -> impl Iterator<Item = (StrategyName, &ExecutionSums)> {
        self.strategies.iter().map(|(name, sums)| (*name, sums))
    }

    /// The sums of all strategies.
    #[must_use]
    pub fn total(&self) -> ExecutionSums {
        let mut total = ExecutionSums::default();
        self.strategies.values().for_each(|sums| total.merge(sums));
        total
    }

    /// From leaving to the broker's first word.
    #[must_use]
    pub fn acknowledged(&self) -> &Histogram {
        &self.acknowledged
    }

    /// From leaving to the first execution, of orders that open or close a position now: what rests
    /// at the broker to protect one waits for its price.
    #[must_use]
    pub fn filled(&self) -> &Histogram {
        &self.filled
    }

    /// Executions shown to those who watch.
    #[must_use]
    pub fn dispatched(&self) -> u64 {
        self.dispatched
    }

    /// Counts an execution that was shown to those who watch.
    pub(crate) fn count_dispatched(&mut self) {
        self.dispatched += 1;
    }

    fn send(
        &mut self,
        order: &Order,
        strategy: StrategyName,
        now: Timestamp,
        quote: Option<&Quote>,
    ) {
        self.strategies.entry(strategy).or_default().sent += 1;
        let two_sided = quote
            .filter(|quote| matches!(quote.state(), QuoteState::TwoSided | QuoteState::Locked));
        let open = Open {
            sent_at: now,
            strategy,
            role: order.role,
            quantity: order.quantity,
            twice_mid: two_sided.map(|quote| quote.bid.0.saturating_add(quote.ask.0)),
            limit: order.kind.limit(),
            acknowledged: false,
            filled: false,
        };
        self.open.insert(order.id, open);
    }

    fn acknowledge(&mut self, order: OrderId, at: Timestamp) {
        if let Some(open) = self.open.get_mut(&order)
            && !std::mem::replace(&mut open.acknowledged, true)
        {
            self.acknowledged.add(millis(open.sent_at, at));
        }
    }

    fn reject(&mut self, order: OrderId, at: Timestamp) {
        self.acknowledge(order, at);
        if let Some(open) = self.open.remove(&order) {
            self.strategies.entry(open.strategy).or_default().rejected += 1;
        }
    }

    fn execute(&mut self, execution: &Execution, strategy: Option<StrategyName>, at: Timestamp) {
        let known = self.booked.get(&execution.id.base).copied();
        if known.is_some_and(|known| execution.id.revision <= known.revision) {
            return;
        }
        let order = execution.order.unwrap_or_default();
        self.acknowledge(order, at);
        let open = known.map_or_else(|| self.open.get(&order).copied(), |known| known.open);
        let own = known.map(|known| known.strategy).or(strategy);
        let Some(strategy) = own else {
            // Somebody else's.
            return;
        };
        let booked = booked(execution, strategy, open);
        let sums = self.strategies.entry(strategy).or_default();
        match &known {
            Some(known) => sums.add(known, -1),
            None => sums.executions += 1,
        }
        sums.add(&booked, 1);
        if let Some(open) = self.open.get_mut(&order)
            && known.is_none()
            && !std::mem::replace(&mut open.filled, true)
        {
            sums.partial += u64::from(execution.cumulative < open.quantity);
            if matches!(open.role, Role::Entry | Role::Exit) {
                self.filled.add(millis(open.sent_at, at));
            }
        }
        let base = execution.id.base;
        self.booked.insert(base, booked);
        // Fees that came first; a correction does not change them.
        if known.is_none()
            && let Some(fees) = self.charges.remove(&base)
        {
            self.charge(base, fees);
        }
        if self.booked.len() > EXECUTIONS_MAX {
            self.booked.pop_first();
        }
    }

    /// Fees of an execution that is known; of another one they wait for it.
    fn charge(&mut self, base: u64, fees: Cash) {
        let before = self.charges.insert(base, fees).unwrap_or_default();
        if let Some(booked) = self.booked.get(&base) {
            let paid = &mut self.strategies.entry(booked.strategy).or_default().fees;
            paid.0 = paid.0.saturating_add(fees.0.saturating_sub(before.0));
        }
        if self.charges.len() > EXECUTIONS_MAX {
            self.charges.pop_first();
        }
    }
}

fn booked(execution: &Execution, strategy: StrategyName, open: Option<Open>) -> Booked {
    let multiplier = execution.instrument.multiplier();
    let worth = |price: i64| {
        let worth = Cash::of(Price(price), i64::from(execution.quantity), multiplier);
        worth.unwrap_or_default()
    };
    // What more was paid, or less received.
    let worse = |by: i64| by.saturating_mul(execution.side.sign());
    let price = execution.price.0;
    let now = |open: &Open| matches!(open.role, Role::Entry | Role::Exit);
    let slippage = open
        .filter(now)
        .and_then(|open| open.twice_mid)
        .map(|twice| {
            let doubled = worth(worse(price.saturating_mul(2).saturating_sub(twice)));
            Cash(doubled.0 / 2)
        });
    let limit = open.and_then(|open| open.limit);
    Booked {
        revision: execution.id.revision,
        strategy,
        open,
        contracts: u64::from(execution.quantity),
        premium: worth(price),
        slippage_mid: slippage,
        better_than_limit: limit.map_or(Cash::ZERO, |limit| worth(worse(limit.0 - price))),
    }
}

fn millis(from: Timestamp, to: Timestamp) -> i64 {
    to.nanos_since(from) / NANOS_PER_MILLI
}

/// Follows what left and what the broker said of it.
#[expect(
    clippy::too_many_arguments,
    reason = "a system's arguments are what it touches"
)]
pub fn watch_executions(
    tick: Res<Tick>,
    inbox: Res<Inbox>,
    sent: Option<Res<Sent>>,
    books: Res<Books>,
    directory: Res<Directory>,
    chains: Res<Chains>,
    quotes: Query<&Quote>,
    mut quality: ResMut<ExecutionQuality>,
) {
    let quality = &mut *quality;
    quality.since.get_or_insert(tick.now);
    let ledger = books.ledger();
    let strategy = |order: OrderId| {
        let order = ledger.order(order);
        order.map(|order| order.followed.intent.strategy)
    };
    if tick.opens_session {
        let live: BTreeMap<OrderId, ()> = ledger
            .orders_in_flight()
            .map(|order| (order.followed.intent.order.id, ()))
            .collect();
        quality.open.retain(|order, _| live.contains_key(order));
    }
    for event in inbox.reports() {
        hear(quality, event, &strategy);
    }
    for order in sent.iter().flat_map(|sent| &sent.orders) {
        let instrument = Instrument::Option(order.contract);
        let entity = chains.entity_of(&directory, &instrument);
        let quote = entity.and_then(|entity| quotes.get(entity).ok());
        if let Some(strategy) = strategy(order.id) {
            quality.send(order, strategy, tick.now, quote);
        }
    }
}

fn hear(
    quality: &mut ExecutionQuality,
    event: &Event,
    strategy: &impl Fn(OrderId) -> Option<StrategyName>,
) {
    let EventKind::Reported(report) = &event.kind else {
        return;
    };
    let at = event.received;
    let of = |execution: &Execution| execution.order.and_then(strategy);
    match report {
        Report::Accepted { order, .. } => quality.acknowledge(*order, at),
        Report::Executed(execution) => quality.execute(execution, of(execution), at),
        Report::Charged { execution, fees } => quality.charge(execution.base, *fees),
        Report::Cancelled { order, .. } => {
            quality.acknowledge(*order, at);
            quality.open.remove(order);
        }
        Report::Rejected { order, .. } => quality.reject(*order, at),
        Report::State(state) => {
            let since = quality.since;
            let of_this_process = |(execution, _): &&(Execution, Option<Cash>)| {
                since.is_some_and(|since| since <= execution.at)
            };
            for (execution, fees) in state.executions.iter().filter(of_this_process) {
                quality.execute(execution, of(execution), at);
                if let Some(fees) = fees {
                    quality.charge(execution.id.base, *fees);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::{Contract, OptionTerms};
    use components::market::{Side, Ticker};
    use components::order::{ExecutionId, OrderKind, PermId};

    const SWING: StrategyName = StrategyName::new("swing");

    fn contract() -> Contract {
        Contract {
            underlying: Ticker::new("SPY").unwrap(),
            terms: OptionTerms::from_osi("SPY   250915C00657500").unwrap(),
        }
    }

    fn order(id: u64, side: Side, role: Role, limit: i64) -> Order {
        Order {
            id: OrderId(id),
            contract: contract(),
            side,
            quantity: 4,
            kind: OrderKind::Limit(Price(limit)),
            role,
            parent: None,
            oca: None,
            at: Timestamp(0),
            good_until: Timestamp(i64::MAX),
        }
    }

    fn fill(base: u64, revision: u16, id: u64, side: Side, quantity: u32, price: i64) -> Execution {
        Execution {
            id: ExecutionId { base, revision },
            order: Some(OrderId(id)),
            perm: PermId(1),
            instrument: Instrument::Option(contract()),
            side,
            quantity,
            price: Price(price),
            cumulative: quantity,
            at: Timestamp(0),
        }
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp(millis * NANOS_PER_MILLI)
    }

    /// Bid 1.20, ask 1.30.
    fn quote() -> Quote {
        Quote {
            bid: Price(12_000),
            ask: Price(13_000),
            bid_size: 10,
            ask_size: 10,
            ..Quote::default()
        }
    }

    #[test]
    fn a_purchase_and_a_sale_are_measured_against_their_own_midpoint_and_limit() {
        let mut found = ExecutionQuality::default();
        let buy = order(1, Side::Buy, Role::Entry, 13_500);
        found.send(&buy, SWING, at(0), Some(&quote()));
        found.acknowledge(OrderId(1), at(120));
        found.acknowledge(OrderId(1), at(9_000));
        found.execute(&fill(1, 1, 1, Side::Buy, 3, 13_000), Some(SWING), at(180));
        let sale = order(2, Side::Sell, Role::Exit, 11_800);
        found.send(&sale, SWING, at(1_000), Some(&quote()));
        found.execute(
            &fill(2, 1, 2, Side::Sell, 4, 12_000),
            Some(SWING),
            at(1_300),
        );
        let sums = found.total();
        // 5 cents of each of the seven, times 100.
        assert_eq!(sums.slippage_mid, Cash::from_dollars(35.0).unwrap());
        assert_eq!(sums.slippage_per_contract(), Some(5.0));
        // 5 cents of three, 2 cents of four.
        assert_eq!(sums.better_than_limit, Cash::from_dollars(23.0).unwrap());
        assert_eq!((sums.sent, sums.partial, sums.contracts), (2, 1, 7));
        assert_eq!(sums.premium, Cash::from_dollars(870.0).unwrap());
        assert_eq!(
            (found.acknowledged.count(), found.acknowledged.sum_ms()),
            (2, 420)
        );
        assert_eq!((found.filled.count(), found.filled.max_ms()), (2, 300));
    }

    #[test]
    fn fees_come_before_or_after_and_a_correction_replaces() {
        let mut found = ExecutionQuality::default();
        found.send(
            &order(1, Side::Buy, Role::Entry, 13_000),
            SWING,
            at(0),
            Some(&quote()),
        );
        found.charge(1, Cash::from_dollars(2.6).unwrap());
        let wrong = fill(1, 1, 1, Side::Buy, 4, 13_000);
        for _ in 0..2 {
            found.execute(&wrong, Some(SWING), at(100));
        }
        found.execute(&fill(1, 2, 1, Side::Buy, 2, 12_500), Some(SWING), at(900));
        found.charge(1, Cash::from_dollars(1.3).unwrap());
        let sums = found.total();
        assert_eq!((sums.executions, sums.contracts), (1, 2));
        assert_eq!(sums.slippage_mid, Cash::ZERO);
        assert_eq!(sums.premium, Cash::from_dollars(250.0).unwrap());
        assert_eq!(sums.fees_per_contract(), Some(0.65));
        assert_eq!(found.filled.count(), 1);
    }

    #[test]
    fn what_rests_has_no_fill_latency_and_what_others_do_is_not_counted() {
        let mut found = ExecutionQuality::default();
        let target = order(1, Side::Sell, Role::Target, 50_000);
        found.send(&target, SWING, at(0), None);
        found.execute(
            &fill(1, 1, 1, Side::Sell, 4, 50_000),
            Some(SWING),
            at(3_600_000),
        );
        found.execute(&fill(2, 1, 9, Side::Sell, 4, 50_000), None, at(3_600_000));
        let sums = found.total();
        assert_eq!((found.filled.count(), sums.executions), (0, 1));
        assert_eq!(
            (sums.slippage_contracts, sums.slippage_per_contract()),
            (0, None)
        );
        found.send(&order(3, Side::Buy, Role::Entry, 1), SWING, at(0), None);
        found.reject(OrderId(3), at(50));
        assert_eq!(found.total().rejected, 1);
    }
}
