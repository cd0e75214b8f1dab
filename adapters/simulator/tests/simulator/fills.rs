//! Whatever is sent, fills keep the rules: random orders on a synthetic market.

use crate::common::{Drained, entry, executions, named, report, sessions, tick};
use components::contract::{Contract, ContractId, Instrument};
use components::market::{Quote, Side};
use components::order::{Execution, Order, OrderId, OrderKind};
use components::units::{Cash, Price, Timestamp};
use engine::clock::Tick;
use engine::directory::Directory;
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::report::Report;
use proptest::prelude::*;
use simulator::{ExchangeConfig, Market, MarketConfig, exchange, settled_at_close};
use std::collections::BTreeMap;

/// What a day's worth of random orders on a synthetic market came to.
struct Outcome {
    orders: BTreeMap<OrderId, Order>,
    reports: Vec<Event>,
    /// All option quotes by contract in order of reception.
    quotes: BTreeMap<Contract, Vec<Quote>>,
}

/// An execution of an order of ours, with what it cost.
struct Fill {
    order: OrderId,
    contract: Contract,
    execution: Execution,
    fees: Cash,
}

fn trade_at_random(seed: u64, ticks: i64) -> Outcome {
    let days = sessions();
    let session = days[0];
    let config = MarketConfig {
        underlyings: 2,
        contracts_per_chain: 20,
        ..MarketConfig::default()
    };
    let mut market = Drained::new(Market::new(&config, seed, &days).unwrap());
    let (mut broker, mut feed) =
        exchange(&ExchangeConfig::default(), seed, settled_at_close(&days)).unwrap();
    let mut draws = engine::random::Stream::new(seed, "test-orders", 0);
    let mut outcome = Outcome {
        orders: BTreeMap::new(),
        reports: Vec::new(),
        quotes: BTreeMap::new(),
    };
    for point in 1..=ticks {
        let tick: Tick = tick(session, point);
        let events = market.at(tick).to_vec();
        for event in &events {
            note_quote(&mut outcome.quotes, &market.directory, event);
        }
        let mut inbox = Inbox::default();
        let market_events = events.len();
        inbox.extend(events);
        feed.drain(&tick, &market.directory, &mut inbox).unwrap();
        outcome
            .reports
            .extend_from_slice(&inbox.events()[market_events..]);
        if draws.chance(0.5) {
            let order = random_order(&mut draws, &outcome, &market.directory, tick.now);
            broker.submit(&[order]);
            outcome.orders.insert(order.id, order);
        }
        if draws.chance(0.1) && !outcome.orders.is_empty() {
            let id = draws.below(outcome.orders.len() as u64);
            broker.cancel(OrderId(id), tick.now);
        }
    }
    outcome
}

fn note_quote(quotes: &mut BTreeMap<Contract, Vec<Quote>>, directory: &Directory, event: &Event) {
    if let EventKind::OptionQuote {
        contract,
        bid,
        ask,
        bid_size,
        ask_size,
    } = event.kind
    {
        quotes
            .entry(named(directory, contract))
            .or_default()
            .push(Quote {
                bid,
                ask,
                bid_size,
                ask_size,
                at: event.received,
            });
    }
}

fn random_order(
    draws: &mut engine::random::Stream,
    outcome: &Outcome,
    directory: &Directory,
    now: Timestamp,
) -> Order {
    let contract = ContractId(u32::try_from(draws.below(40)).unwrap());
    let contract = named(directory, contract);
    let last = outcome.quotes.get(&contract).and_then(|q| q.last());
    let near = last.map_or(Price(10_000), |quote| quote.ask);
    let price = Price(((near.0 / 500 + i64::try_from(draws.below(5)).unwrap() - 2) * 500).max(500));
    let kind = match draws.below(5) {
        0 => OrderKind::Market,
        1 => OrderKind::Stop(price),
        2 => OrderKind::StopLimit {
            stop: price,
            limit: near,
        },
        _ => OrderKind::Limit(price),
    };
    let side = if draws.chance(0.5) {
        Side::Buy
    } else {
        Side::Sell
    };
    let quantity = 1 + u32::try_from(draws.below(60)).unwrap();
    let good_until = now.plus_millis(i64::try_from(draws.below(60_000)).unwrap() + 200);
    let id = outcome.orders.len() as u64;
    entry((id, contract), side, quantity, kind, (now, good_until))
}

fn fills(outcome: &Outcome) -> Vec<Fill> {
    let fill = |(execution, fees): (Execution, Cash)| {
        let Instrument::Option(contract) = execution.instrument else {
            panic!("{execution:?}");
        };
        Fill {
            order: execution.order.unwrap(),
            contract,
            execution,
            fees,
        }
    };
    executions(&outcome.reports).into_iter().map(fill).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn every_fill_was_there_and_respects_its_order(seed in 0_u64..10_000) {
        let outcome = trade_at_random(seed, 1_500);
        let (mut filled, mut count) = (BTreeMap::<OrderId, u32>::new(), 0);
        for fill in fills(&outcome) {
            count += 1;
            let order = outcome.orders[&fill.order];
            prop_assert_eq!((fill.contract, fill.execution.side), (order.contract, order.side));
            let quotes = &outcome.quotes[&fill.contract];
            let shown = &quotes[quotes.partition_point(|quote| quote.at <= fill.execution.at) - 1];
            let (price, size) = match fill.execution.side {
                Side::Buy => (shown.ask, shown.ask_size),
                Side::Sell => (shown.bid, shown.bid_size),
            };
            prop_assert_eq!(fill.execution.price, price);
            prop_assert!(fill.execution.quantity > 0 && fill.execution.quantity <= size);
            prop_assert!(shown.bid <= shown.ask);
            if let Some(limit) = order.kind.limit() {
                match fill.execution.side {
                    Side::Buy => prop_assert!(fill.execution.price <= limit),
                    Side::Sell => prop_assert!(fill.execution.price >= limit),
                }
            }
            let at = fill.execution.at;
            prop_assert!(at >= order.at.plus_millis(80) && at <= order.good_until);
            *filled.entry(fill.order).or_default() += fill.execution.quantity;
        }
        prop_assert!(count > 20, "{} fills", count);
        for (id, quantity) in &filled {
            prop_assert!(*quantity <= outcome.orders[id].quantity);
        }
        let mut executions: Vec<u64> = fills(&outcome)
            .iter()
            .map(|fill| fill.execution.id.base)
            .collect();
        executions.sort_unstable();
        executions.dedup();
        prop_assert_eq!(executions.len(), count);
    }

    #[test]
    fn displayed_size_is_taken_once_and_fees_add_up(seed in 0_u64..10_000) {
        let outcome = trade_at_random(seed, 1_500);
        let mut taken: BTreeMap<(Contract, bool, usize), u32> = BTreeMap::new();
        let mut fees: BTreeMap<OrderId, (i64, Cash)> = BTreeMap::new();
        for fill in fills(&outcome) {
            let quotes = &outcome.quotes[&fill.contract];
            let side = |quote: &Quote| match fill.execution.side {
                Side::Buy => (quote.ask, quote.ask_size),
                Side::Sell => (quote.bid, quote.bid_size),
            };
            // The first of the quotes that say the same about this side.
            let mut place = quotes.partition_point(|quote| quote.at <= fill.execution.at) - 1;
            while place > 0 && side(&quotes[place - 1]) == side(&quotes[place]) {
                place -= 1;
            }
            let key = (fill.contract, fill.execution.side == Side::Buy, place);
            let sum = taken.entry(key).or_default();
            *sum += fill.execution.quantity;
            prop_assert!(*sum <= side(&quotes[place]).1);
            let charged = fees.entry(fill.order).or_default();
            charged.0 += i64::from(fill.execution.quantity);
            charged.1 = charged.1.checked_add(fill.fees).unwrap();
        }
        for (contracts, sum) in fees.values() {
            prop_assert_eq!(*sum, Cash((6_500 * contracts).max(10_000)));
        }
    }

    #[test]
    fn reports_come_in_order_and_after_their_order(seed in 0_u64..10_000) {
        let outcome = trade_at_random(seed, 800);
        prop_assert!(outcome.reports.is_sorted_by_key(|event| event.received));
        let mut over = BTreeMap::new();
        let order_of: BTreeMap<u64, OrderId> = fills(&outcome)
            .iter()
            .map(|fill| (fill.execution.id.base, fill.order))
            .collect();
        let connected = report(&outcome.reports[0]);
        prop_assert!(matches!(connected, Report::Connected { .. }), "{:?}", connected);
        for event in &outcome.reports[1..] {
            prop_assert_eq!(event.received, event.at.plus_millis(40));
            let (order, ends) = match report(event) {
                Report::Accepted { order, .. } => (*order, false),
                Report::Executed(execution) => (execution.order.unwrap(), false),
                Report::Charged { execution, .. } => (order_of[&execution.base], false),
                Report::Cancelled { order, .. } => (*order, true),
                Report::Rejected { order, .. } => (*order, true),
                // Said of an order that is over, or never was.
                Report::CancelRefused { .. } => continue,
                other => panic!("{other:?}"),
            };
            prop_assert!(event.at >= outcome.orders[&order].at.plus_millis(80));
            prop_assert!(!over.contains_key(&order), "{order} spoke after its end");
            if ends {
                over.insert(order, event.at);
            }
        }
        let again = trade_at_random(seed, 800);
        prop_assert_eq!(outcome.reports, again.reports);
    }
}
