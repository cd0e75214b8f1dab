//! Batches of a small world.

use super::*;
use crate::books::Books;
use crate::chains::Chains;
use crate::dispatch::Sent;
use crate::ledger::Ledger;
use crate::options_flow::NewlyUnusual;
use crate::positions::Account;
use crate::reports::portfolio::{Portfolio, view_portfolio};
use crate::scoring::Signals;
use components::closing::{ClosingProjection, ClosingSource};
use components::contract::{Contract, ContractId, Expiry, Instrument, OptionTerms};
use components::dealers::{DealerFlow, DealerStandings};
use components::exposure::{
    DeltaExposure, ExposureLevels, ExposureProfile, GammaExposure, GammaProfile, VolumeExposure,
    ZeroGamma,
};
use components::flow::{Imbalance, Vpin};
use components::flow_clusters::FlowClusters;
use components::hidden::HiddenLiquidity;
use components::market::{Book, LastTrade, Quote, Spot, SymbolId, Ticker};
use components::market::{Level, Side, SpotSource};
use components::options_flow::{ContractVolume, OptionsFlow, UnusualContract, UnusualReason};
use components::order::{Execution, ExecutionId, Fingerprint, Order, OrderId, OrderIntent};
use components::order::{OrderKind, PermId, Role};
use components::patterns::{Participants, TradePatterns};
use components::quality::Quality;
use components::quality::Stamp;
use components::signal::{Intent, SignalId, StrategyName};
use components::units::{Cash, Price, Timestamp};
use components::volatility::{
    ImpliedVolatility, MarketRegime, MarketState, RealizedVolatility, VolatilityRegime,
};
use engine::calendar::Session;
use engine::directory::{Directory, Listings};
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::record::Record;
use engine::report::Report;
use std::sync::{Arc, Mutex};
use wire::event::Event;
use wire::lane::Row;
use wire::turn::{SLOW_TURNS, TURN_SYMBOLS, TURNS};

mod dealers;

/// Keeps every batch.
#[derive(Clone, Default)]
struct Capture(Arc<Mutex<Vec<Batch>>>);

impl Mirror for Capture {
    fn publish(&mut self, batch: &mut Batch) {
        self.0.lock().unwrap().push(batch.clone());
        batch.clear();
    }

    fn report(&self) -> MirrorReport {
        MirrorReport::default()
    }
}

struct Fixture {
    world: World,
    schedule: Schedule,
    capture: Capture,
    entities: Vec<Entity>,
}

impl Fixture {
    fn new(tickers: &[&str]) -> Self {
        let mut world = World::new();
        let capture = Capture::default();
        world.init_resource::<Outgoing>();
        world.init_resource::<ShownUnderlyings>();
        world.init_resource::<ShownAccount>();
        world.init_resource::<ShownGroups>();
        world.init_resource::<Digest>();
        world.init_resource::<Directory>();
        world.init_resource::<Chains>();
        world.init_resource::<Portfolio>();
        world.init_resource::<Inbox>();
        world.init_resource::<Sent>();
        world.insert_resource(Books::new(Ledger::new(Cash(0))));
        world.insert_resource(Outlet {
            mirror: Box::new(capture.clone()),
            epoch: 7,
        });
        let entities = (0_u32..)
            .zip(tickers)
            .map(|(id, ticker)| {
                let ticker = Ticker::new(ticker).unwrap();
                world.spawn(underlying(SymbolId(id), ticker)).id()
            })
            .collect();
        let mut schedule = Schedule::default();
        schedule.add_systems(
            (
                view_portfolio,
                show_underlyings,
                show_groups,
                show_account,
                show_signals,
                show_events,
                publish_batch,
            )
                .chain(),
        );
        Self {
            world,
            schedule,
            capture,
            entities,
        }
    }

    fn tick(&mut self, number: u64) -> Batch {
        let now = Timestamp(number as i64 * 250_000_000);
        self.world.insert_resource(Tick {
            number,
            now,
            session: Session {
                date: Expiry::try_from(20_260_302).unwrap().date(),
                open: Timestamp(0),
                close: now.plus_millis(1_000),
                early_close: false,
            },
            opens_session: number == 1,
            skipped: 0,
            jumped_ms: 0,
        });
        self.schedule.run(&mut self.world);
        self.capture.0.lock().unwrap().pop().unwrap()
    }

    fn set(&mut self, index: usize, component: impl Bundle) {
        let entity = self.entities[index];
        self.world.entity_mut(entity).insert(component);
    }
}

fn underlying(id: SymbolId, ticker: Ticker) -> impl Bundle {
    (
        (id, ticker),
        (Quote::default(), LastTrade::default(), Spot::default()),
        Book::default(),
        (
            Vpin::default(),
            Imbalance::default(),
            TradePatterns::default(),
            Participants::default(),
            HiddenLiquidity::default(),
            FlowClusters::default(),
        ),
        (
            RealizedVolatility::default(),
            ImpliedVolatility::default(),
            VolatilityRegime::default(),
            MarketRegime::default(),
            ClosingProjection::default(),
        ),
        (
            GammaExposure::default(),
            DeltaExposure::default(),
            ExposureLevels::default(),
            ZeroGamma::default(),
            VolumeExposure::default(),
            GammaProfile::default(),
            ExposureProfile::default(),
        ),
        (
            DealerFlow::default(),
            DealerStandings::default(),
            OptionsFlow::default(),
        ),
    )
}

fn ids<T>(rows: &[Row<T>]) -> Vec<u32> {
    rows.iter().map(|row| row.id).collect()
}

#[test]
fn a_batch_holds_what_changed_and_nothing_else() {
    let mut fixture = Fixture::new(&["SPY", "QQQ", "IBM"]);
    let empty = fixture.tick(1);
    assert!(empty.markets.rows().is_empty() && empty.gammas.rows().is_empty());
    assert_eq!((empty.header.epoch, empty.header.tick), (7, 1));
    assert_eq!(empty.header.at_ms, 250);

    let spot = Spot {
        dollars: 410.5,
        source: SpotSource::Quote,
        at: Timestamp(0),
    };
    fixture.set(1, spot);
    let stamp = Stamp::new(Timestamp(0), 1_000, Quality::Ok);
    let vpin = Vpin {
        value: Some(0.3),
        stamp,
        ..Vpin::default()
    };
    fixture.set(2, vpin);
    fixture.set(
        0,
        ZeroGamma {
            nearest_dollars: Some(400.0),
            roots: 1,
            stamp,
        },
    );
    let mut book = Book::default();
    book.bids[0] = Level {
        price: Price(100),
        size: 1,
    };
    fixture.set(0, book);
    let shapes = TradePatterns {
        odd_ratio: Some(0.5),
        stamp,
        ..TradePatterns::default()
    };
    let market = MarketRegime {
        state: Some(MarketState::Trend),
        stamp,
        ..MarketRegime::default()
    };
    let closing = ClosingProjection {
        projected_shares: Some(-1_200.0),
        source: ClosingSource::Tape,
        stamp,
        ..ClosingProjection::default()
    };
    fixture.set(1, (shapes, market, closing));
    let batch = fixture.tick(2);
    assert_eq!(ids(batch.flows.rows()), [1]);
    assert_eq!(batch.flows.rows()[0].value.odd_ratio, Some(0.5));
    let shown = wire::volatility::MarketState::Trend;
    assert_eq!(batch.regimes.rows()[0].value.state, Some(shown));
    assert_eq!(ids(batch.closings.rows()), [1]);
    let closing = batch.closings.rows()[0].value;
    assert_eq!(closing.projected_shares, Some(-1_200.0));
    assert_eq!(closing.source, wire::closing::ClosingSource::Tape);
    assert!(batch.volatilities.rows().is_empty());
    assert_eq!(ids(batch.markets.rows()), [1]);
    assert_eq!(batch.markets.rows()[0].symbol.as_str(), "QQQ");
    assert_eq!(batch.markets.rows()[0].value.spot_usd, Some(410.5));
    assert_eq!(ids(batch.vpins.rows()), [2]);
    assert_eq!(batch.gammas.rows()[0].value.zero_gamma_usd, Some(400.0));
    assert_eq!(ids(batch.books.rows()), [0]);
    assert!(batch.deltas.rows().is_empty() && batch.imbalances.rows().is_empty());

    let same = fixture.tick(3);
    assert!(same.markets.rows().is_empty() && same.vpins.rows().is_empty());
    assert!(same.gammas.rows().is_empty() && same.books.rows().is_empty());
    assert!(same.closings.rows().is_empty());
    assert!(same.flows.rows().is_empty() && same.regimes.rows().is_empty());
    assert!(same.options_flows.rows().is_empty());

    // Each part of the flow is news by its own stamp.
    let later = Stamp::new(Timestamp(1), 1_000, Quality::Ok);
    let hidden = HiddenLiquidity {
        ratio: Some(0.25),
        stamp: later,
        ..HiddenLiquidity::default()
    };
    fixture.set(1, hidden);
    let kinds = FlowClusters {
        trades: 7,
        stamp: later,
        ..FlowClusters::default()
    };
    fixture.set(2, kinds);
    let options = OptionsFlow {
        put_volume: 9,
        sided: later,
        ..OptionsFlow::default()
    };
    fixture.set(0, options);
    let batch = fixture.tick(4);
    assert_eq!(ids(batch.flows.rows()), [1, 2]);
    let [first, second] = batch.flows.rows() else {
        panic!()
    };
    assert_eq!(first.value.hidden.ratio, Some(0.25));
    assert_eq!(first.value.odd_ratio, Some(0.5));
    assert_eq!(second.value.clusters.trades, 7);
    assert_eq!(batch.options_flows.rows()[0].value.put_volume, 9);
}

#[test]
fn a_contract_that_becomes_unusual_is_an_event() {
    let mut fixture = Fixture::new(&["SPY"]);
    let one = UnusualContract {
        contract: ContractId(3),
        terms: OptionTerms::from_osi("SPY   260302C00657500").unwrap(),
        volume: ContractVolume {
            contracts: 900,
            ..ContractVolume::default()
        },
        interest: 100,
        ratio: Some(9.0),
        reason: UnusualReason::OverInterest,
    };
    let newly = NewlyUnusual(vec![(SymbolId(0), one)]);
    fixture.world.insert_resource(newly);
    let mut listings = Listings::default();
    listings.symbol(Ticker::new("SPY").unwrap());
    let mut directory = fixture.world.resource_mut::<Directory>();
    directory.number(&listings, Timestamp(0));
    let batch = fixture.tick(1);
    let events: Vec<_> = batch.events.iter().collect();
    let [
        Event::Unusual {
            contract,
            volume,
            interest,
            reason,
            ..
        },
    ] = events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(contract, "SPY   260302C00657500");
    assert_eq!(
        (*volume, *interest, reason.as_str()),
        (900, 100, "over_interest")
    );
}

#[test]
fn with_many_underlyings_prices_are_shown_at_once_and_the_rest_in_turn() {
    let tickers: Vec<String> = (0..200).map(|id| format!("S{id}")).collect();
    let tickers: Vec<&str> = tickers.iter().map(String::as_str).collect();
    let mut fixture = Fixture::new(&tickers);
    fixture.tick(1);
    let spot = Spot {
        dollars: 10.0,
        source: SpotSource::Quote,
        at: Timestamp(0),
    };
    let stamp = Stamp::new(Timestamp(0), 1_000, Quality::Ok);
    let vpin = Vpin {
        stamp,
        ..Vpin::default()
    };
    let delta = DeltaExposure {
        stamp,
        ..DeltaExposure::default()
    };
    for index in 0..tickers.len() {
        fixture.set(index, (spot, vpin, delta));
    }
    let (mut vpins, mut deltas) = (Vec::new(), Vec::new());
    for number in 2..2 + SLOW_TURNS as u64 {
        let batch = fixture.tick(number);
        let markets = if number == 2 { tickers.len() } else { 0 };
        assert_eq!(batch.markets.rows().len(), markets);
        assert!(batch.vpins.rows().len() <= TURN_SYMBOLS);
        if number < 2 + TURNS as u64 {
            vpins.extend(ids(batch.vpins.rows()));
        }
        deltas.extend(ids(batch.deltas.rows()));
    }
    let all: Vec<u32> = (0..200).collect();
    vpins.sort_unstable();
    deltas.sort_unstable();
    assert_eq!((&vpins, &deltas), (&all, &all));
}

fn contract() -> Contract {
    Contract {
        underlying: Ticker::new("SPY").unwrap(),
        terms: OptionTerms::from_osi("SPY   250915C00657500").unwrap(),
    }
}

#[test]
fn a_position_is_shown_until_it_is_flat() {
    let mut fixture = Fixture::new(&["SPY"]);
    let adjust = |fixture: &mut Fixture, from, to| {
        let record = Record::Adjusted {
            instrument: Instrument::Option(contract()),
            from,
            to,
            price: Price(25_000),
        };
        let mut books = fixture.world.resource_mut::<Books>();
        books.enter(Timestamp(0), record);
    };
    adjust(&mut fixture, 0, -2);
    let shown = fixture.tick(1).positions.unwrap().positions;
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].contract, "SPY   250915C00657500");
    assert_eq!((shown[0].quantity, shown[0].cost_usd), (-2, -500.0));
    assert!(fixture.tick(2).positions.is_none());
    adjust(&mut fixture, -2, 0);
    assert!(fixture.tick(3).positions.unwrap().positions.is_empty());
    assert!(fixture.tick(4).positions.is_none());
}

#[test]
fn money_is_shown_when_it_changes() {
    let mut fixture = Fixture::new(&[]);
    fixture.world.insert_resource(Account::default());
    assert!(fixture.tick(1).account.is_some());
    assert!(fixture.tick(2).account.is_none());
    fixture.world.resource_mut::<Account>().cash = Cash(15_000);
    assert_eq!(fixture.tick(3).account.map(|a| a.cash_usd), Some(1.5));
}

#[test]
fn signals_are_counted_by_reason() {
    let mut fixture = Fixture::new(&[]);
    let mut signals = Signals::default();
    signals.block("cooldown");
    fixture.world.insert_resource(signals);
    let counts = fixture.tick(1).signals.unwrap();
    assert_eq!((counts.scored, counts.blocked), (0, 1));
    assert_eq!(counts.blocked_by_reason, [("cooldown".to_owned(), 1)]);
    assert!(fixture.tick(2).signals.is_none());
}

fn intent(id: u64) -> OrderIntent {
    OrderIntent {
        order: Order {
            id: OrderId(id),
            contract: contract(),
            side: Side::Buy,
            quantity: 2,
            kind: OrderKind::Limit(Price(12_500)),
            role: Role::Entry,
            parent: None,
            oca: None,
            at: Timestamp(5_000_000),
            good_until: Timestamp(9_000_000),
        },
        strategy: StrategyName::new("test"),
        signal: SignalId { tick: 1, place: 0 },
        why: Intent::Open,
        fingerprint: Fingerprint(id),
    }
}

#[test]
fn orders_and_fills_are_events() {
    let mut fixture = Fixture::new(&["SPY"]);
    let execution = Execution {
        id: ExecutionId {
            base: 1,
            revision: 1,
        },
        order: Some(OrderId(2)),
        perm: PermId(7),
        instrument: Instrument::Option(contract()),
        side: Side::Buy,
        quantity: 2,
        price: Price(12_500),
        cumulative: 2,
        at: Timestamp(4_000_000),
    };
    let charged = Report::Charged {
        execution: execution.id,
        fees: Cash(13_000),
    };
    let mut books = fixture.world.resource_mut::<Books>();
    for id in [2, 3] {
        books.enter(Timestamp(0), Record::Intended(intent(id)));
    }
    books.hear(Timestamp(0), 0, &Report::Executed(execution));
    books.hear(Timestamp(0), 1, &charged);
    let mut sent = fixture.world.resource_mut::<Sent>();
    sent.orders.push(intent(3).order);
    fixture.world.resource_mut::<Inbox>().push(
        Timestamp(4_000_000),
        Timestamp(4_000_000),
        EventKind::Reported(Report::Executed(execution)),
    );
    let batch = fixture.tick(1);
    let working = &batch.orders.as_ref().unwrap().orders;
    assert_eq!(working.len(), 1, "the other is filled: {working:?}");
    assert_eq!((working[0].id, working[0].status.as_str()), (3, "intended"));
    let events: Vec<Event> = { batch }.events.drain().collect();
    assert_eq!(events.len(), 2);
    assert!(
        matches!(&events[0], Event::Fill { order: 2, quantity: 2, side, at_ms: 4, fees_usd, .. }
            if side == "buy" && *fees_usd == Some(1.3)),
        "{events:?}"
    );
    assert!(
        matches!(&events[1], Event::Order { id: 3, status, at_ms: 5, .. }
            if status == "sent")
    );
}
