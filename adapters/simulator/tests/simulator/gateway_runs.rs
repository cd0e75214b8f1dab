//! Whole runs at a gateway with many faults at once: each is reached, all of it repeats, it ends
//! when it is to end, and without faults the broker's record agrees with what was reported.

use crate::common::{Drained, entry, named, report, sessions, tick};
use components::contract::{ContractId, Instrument};
use components::market::Side;
use components::order::{ExecutionId, Order, OrderId, OrderKind, Role};
use components::units::{Cash, Price, Timestamp};
use engine::directory::Directory;
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::random::Stream;
use engine::report::{BrokerState, Report};
use proptest::prelude::*;
use simulator::{
    BrokerLedger, ExchangeConfig, FaultCounts, FinalState, Gateway, GatewayBroker, GatewayConfig,
    GatewayFault, GatewayFaults, LegRelease, Market, MarketConfig, settled_at_close,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a run came to.
struct Run {
    reports: Vec<Event>,
    ledger: BrokerLedger,
    counts: FaultCounts,
    last_state: Option<BrokerState>,
    /// All bids and asks that were shown of a contract, each side for itself.
    shown: BTreeMap<Instrument, [BTreeSet<Price>; 2]>,
}

/// A client that sends brackets, changes, cancels and asks at random.
struct Client {
    draws: Stream,
    sent: Vec<Order>,
    quotes: BTreeMap<ContractId, (Price, Price)>,
    query: u64,
}

impl Client {
    fn note(&mut self, event: &Event) {
        if let EventKind::OptionQuote {
            contract, bid, ask, ..
        } = event.kind
        {
            self.quotes.insert(contract, (bid, ask));
        }
    }

    fn act(&mut self, broker: &mut GatewayBroker, directory: &Directory, now: Timestamp) {
        let draws = &mut self.draws;
        if draws.chance(0.3) {
            let number = ContractId(u32::try_from(draws.below(12)).unwrap());
            let Some((bid, ask)) = self.quotes.get(&number).copied() else {
                return;
            };
            let id = self.sent.len() as u64 + 1;
            let until = now.plus_millis(60_000);
            let contract = named(directory, number);
            let on_grid = |price: i64| Price((price / 500 * 500).max(500));
            let price = if draws.chance(0.6) { ask } else { bid };
            let quantity = 1 + u32::try_from(draws.below(30)).unwrap();
            let kind = OrderKind::Limit(on_grid(price.0 + 400));
            let parent = entry((id, contract), Side::Buy, quantity, kind, (now, until));
            let leg = |number, kind, role| Order {
                id: OrderId(id + number),
                side: Side::Sell,
                kind,
                role,
                parent: Some(parent.id),
                oca: Some(parent.id),
                ..parent
            };
            let stop = OrderKind::StopLimit {
                stop: on_grid(bid.0 - 500),
                limit: on_grid(bid.0 - 1_500),
            };
            let target = OrderKind::Limit(on_grid(bid.0 + 600));
            let orders = [
                parent,
                leg(1, stop, Role::Stop),
                leg(2, target, Role::Target),
            ];
            broker.submit(&orders);
            self.sent.extend(orders);
        } else if !self.sent.is_empty() {
            // One of the last four brackets: most of what is older is over.
            let back = draws.below(12.min(self.sent.len() as u64));
            let place = self.sent.len() - 1 - usize::try_from(back).unwrap();
            let order = self.sent[place];
            match draws.below(12) {
                0..2 => broker.cancel(order.id, now),
                // A change of a leg would bring back what its sibling took off it.
                2..7 if order.role == Role::Entry => {
                    let changed = Order {
                        quantity: order.quantity + 1,
                        good_until: now.plus_millis(60_000),
                        ..order
                    };
                    broker.modify(&changed, now);
                }
                7 => {
                    self.query += 1;
                    broker.query(self.query, now);
                }
                _ => {}
            }
        }
    }
}

fn run(config: GatewayConfig, seed: u64, ticks: i64) -> Run {
    let days = sessions();
    let market = MarketConfig {
        underlyings: 1,
        contracts_per_chain: 12,
        annual_vols: vec![0.9],
        ..MarketConfig::default()
    };
    let mut market = Drained::new(Market::new(&market, seed, &days).unwrap());
    let settlement = settled_at_close(&days);
    let gateway = Gateway::new(&ExchangeConfig::default(), config, seed, settlement).unwrap();
    let (mut broker, mut feed) = gateway.connect();
    let mut client = Client {
        draws: Stream::new(seed, "test-client", 0),
        sent: Vec::new(),
        quotes: BTreeMap::new(),
        query: 0,
    };
    let mut reports: Vec<Event> = Vec::new();
    let mut shown = BTreeMap::new();
    let (mut is_up, mut is_lost, mut last_state) = (false, false, None);
    for point in 1..=ticks {
        let tick = tick(days[0], point);
        let mut inbox = Inbox::default();
        inbox.extend(market.at(tick).to_vec());
        let events = inbox.len();
        for event in inbox.events() {
            client.note(event);
            note_shown(&mut shown, event, &market.directory);
        }
        feed.drain(&tick, &market.directory, &mut inbox).unwrap();
        for event in &inbox.events()[events..] {
            match report(event) {
                Report::Connected { .. } => is_up = true,
                Report::Disconnected { code } if *code != 1_100 => is_lost = true,
                Report::State(state) => last_state = Some((**state).clone()),
                _ => {}
            }
            reports.push(event.clone());
        }
        // A client that hears nothing for long connects anew, for the line may be half open.
        if is_lost || point % 400 == 0 {
            broker.reconnect(tick.now);
            (is_up, is_lost) = (false, false);
        } else if is_up && point < ticks - 400 {
            client.act(&mut broker, &market.directory, tick.now);
        } else if point == ticks - 10 {
            last_state = None;
            broker.query(u64::MAX, tick.now);
        }
    }
    Run {
        reports,
        ledger: gateway.ledger(),
        counts: gateway.fault_counts(),
        last_state,
        shown,
    }
}

fn note_shown(
    shown: &mut BTreeMap<Instrument, [BTreeSet<Price>; 2]>,
    event: &Event,
    directory: &Directory,
) {
    if let EventKind::OptionQuote {
        contract, bid, ask, ..
    } = event.kind
    {
        let instrument = Instrument::Option(named(directory, contract));
        let [bids, asks] = shown.entry(instrument).or_default();
        bids.insert(bid);
        asks.insert(ask);
    }
}

fn stormy(seed: u64, ticks: i64) -> GatewayConfig {
    let mut faults = GatewayFaults::default();
    for kind in GatewayFault::ALL {
        let rate = match kind.basis() {
            simulator::Basis::Hour => 200.0,
            _ => 0.03,
        };
        faults = faults.with_rate(*kind, rate).unwrap();
    }
    GatewayConfig {
        legs: LegRelease::drawn(seed),
        faults: faults.until(tick(sessions()[0], ticks - 350).now),
        ..GatewayConfig::default()
    }
}

#[test]
fn every_fault_is_reached_in_a_few_runs() {
    let mut all = FaultCounts::default();
    for seed in 0..40 {
        all.add(&run(stormy(seed, 2_400), seed, 2_400).counts);
    }
    for kind in GatewayFault::ALL {
        assert!(all.of(*kind) > 0, "{} was never reached", kind.name());
        let met = all.states.keys().any(|(name, _)| *name == kind.name());
        assert!(met, "{} met no state", kind.name());
    }
    assert!(all.kinds["filled_after_cancel"] > 0);
    assert!(all.states.len() > 80, "{} pairs", all.states.len());
}

#[test]
fn the_same_seed_says_the_same_again() {
    for seed in 0..3 {
        let one = run(stormy(seed, 1_200), seed, 1_200);
        let two = run(stormy(seed, 1_200), seed, 1_200);
        assert_eq!(one.reports, two.reports);
        assert_eq!(one.ledger, two.ledger);
        assert_eq!(one.counts, two.counts);
        let other = run(stormy(seed, 1_200), seed + 50, 1_200);
        assert_ne!(one.reports, other.reports);
    }
}

#[test]
fn once_faults_end_the_broker_answers_and_tells_the_truth() {
    for seed in 0..40 {
        let ticks = 1_600;
        let run = run(stormy(seed, ticks), seed, ticks);
        let state = run.last_state.as_ref().expect("the last query is answered");
        assert_eq!(state.query, u64::MAX);
        assert_eq!(state.positions, run.ledger.positions, "seed {seed}");
        let open = run.ledger.orders.iter().filter(|o| o.end.is_none()).count();
        assert_eq!(state.open.len(), open);
        assert_eq!(state.executions.len(), run.ledger.executions.len());
        check_positions(&run.ledger);
        check_prices(&run);
        let end = tick(sessions()[0], ticks - 350).now;
        let late = run.reports.iter().filter(|event| {
            let waited = event.received.nanos_since(event.at);
            event.received > end.plus_millis(100) && waited > 100_000_000
        });
        assert_eq!(late.count(), 0, "seed {seed}: held back after the end");
    }
}

/// Whatever goes wrong, nothing is filled at a price that was not there.
fn check_prices(run: &Run) {
    for execution in &run.ledger.executions {
        let first = execution.revisions[0];
        let [bids, asks] = &run.shown[&first.instrument];
        let order = run.ledger.order(first.perm).unwrap();
        let side = if first.side == Side::Buy { asks } else { bids };
        assert!(side.contains(&first.price), "{first:?}");
        assert!(order.at <= first.at, "{first:?}");
    }
}

/// Positions are the sum of executions in their last revisions.
fn check_positions(ledger: &BrokerLedger) {
    let mut sums: BTreeMap<Instrument, i64> = BTreeMap::new();
    let mut filled: BTreeMap<_, u32> = BTreeMap::new();
    for execution in &ledger.executions {
        let last = execution.last().unwrap();
        let sign = if last.side == Side::Buy { 1 } else { -1 };
        *sums.entry(last.instrument).or_default() += sign * i64::from(last.quantity);
        *filled.entry(last.perm).or_default() += last.quantity;
    }
    sums.retain(|_, sum| *sum != 0);
    assert_eq!(sums.into_iter().collect::<Vec<_>>(), ledger.positions);
    for order in &ledger.orders {
        assert_eq!(order.filled, filled.get(&order.perm).copied().unwrap_or(0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn without_faults_the_record_agrees_with_the_reports(seed in 0_u64..10_000) {
        let config = GatewayConfig {
            legs: LegRelease::drawn(seed),
            ..GatewayConfig::default()
        };
        let ticks = 1_500;
        let run = run(config, seed, ticks);
        prop_assert!(run.counts.kinds.is_empty());
        let mut executed = BTreeMap::new();
        let mut charged: BTreeMap<ExecutionId, Cash> = BTreeMap::new();
        let (mut accepted, mut over) = (BTreeMap::new(), BTreeMap::new());
        // What was on its way when the client connected anew is told to nobody: such a client
        // never has anything on its way then.
        for event in &run.reports {
            match report(event) {
                Report::Executed(e) => {
                    prop_assert!(executed.insert(e.id, *e).is_none());
                }
                Report::Charged { execution, fees } => {
                    prop_assert!(charged.insert(*execution, *fees).is_none());
                }
                Report::Accepted { order, perm } => {
                    let known = accepted.insert(*order, *perm);
                    prop_assert!(known.is_none_or(|known| known == *perm));
                }
                Report::Cancelled { order, .. } => {
                    prop_assert!(over.insert(*order, event.at).is_none());
                }
                _ => {}
            }
        }
        let state = run.last_state.unwrap();
        for (execution, fees) in &state.executions {
            if let Some(told) = executed.get(&execution.id) {
                prop_assert_eq!(told, execution);
                prop_assert_eq!(charged.get(&execution.id), fees.as_ref());
            }
        }
        prop_assert!(executed.len() + 30 > run.ledger.executions.len());
        for (place, execution) in run.ledger.executions.iter().enumerate() {
            let last = execution.last().unwrap();
            prop_assert_eq!(execution.revisions.len(), 1);
            prop_assert_eq!(last.id.base, place as u64 + 1);
        }
        for order in &run.ledger.orders {
            let id = order.order.unwrap();
            prop_assert!(order.filled <= order.quantity);
            if let Some((_, FinalState::Filled)) = order.end {
                prop_assert_eq!(order.filled, order.quantity);
                prop_assert!(!over.contains_key(&id));
            }
            if let Some(at) = over.get(&id) {
                prop_assert_eq!(order.end, Some((*at, FinalState::Cancelled)));
            }
        }
        check_positions(&run.ledger);
        check_legs(&run.ledger)?;
    }
}

/// Without faults legs never sell more than their entry bought.
fn check_legs(ledger: &BrokerLedger) -> Result<(), TestCaseError> {
    let mut bought: BTreeMap<OrderId, u32> = BTreeMap::new();
    let mut sold: BTreeMap<OrderId, u32> = BTreeMap::new();
    for order in &ledger.orders {
        match order.parent {
            None => *bought.entry(order.order.unwrap()).or_default() += order.filled,
            Some(parent) => *sold.entry(parent).or_default() += order.filled,
        }
    }
    for (parent, sold) in sold {
        let held = bought.get(&parent).copied().unwrap_or(0);
        prop_assert!(sold <= held, "{parent} sold {sold} of {held}");
    }
    Ok(())
}
