//! Each limit refuses what it is for, and nothing else.

use super::*;
use components::contract::OptionTerms;
use components::signal::{Confidence, Direction, SignalId};
use engine::calendar::Session;
use engine::event::FeedId;
use jiff::civil::date;

const CLOSE_MS: i64 = 23_400_000;

fn config() -> RiskConfig {
    RiskConfig {
        positions_max: 3,
        positions_per_symbol_max: 2,
        order_notional_max_usd: 500.0,
        premium_share_max: 0.10,
        collar_share: 0.1,
        last_entry_before_close_s: 600,
        good_for_s: 120,
    }
}

fn signal(symbol: u32, contract: u32, limit: f64) -> Signal {
    Signal {
        id: SignalId { tick: 1, place: 0 },
        strategy: "test",
        symbol: SymbolId(symbol),
        contract: ContractId(contract),
        terms: OptionTerms::from_osi("TEST  260302C00100000").unwrap(),
        intent: Intent::Open,
        direction: Direction::Up,
        side: Side::Buy,
        quantity: 1,
        limit: Price::from_dollars(limit).unwrap(),
        confidence: Confidence::from_points(80.0),
        features: Vec::new(),
        at: Timestamp(0),
    }
}

/// Everything that a judgement sees, good for an order at 1.02.
struct Case {
    halt: TradingHalt,
    sources: Sources,
    quote: Quote,
    settlement: Settlement,
    feeds: Feeds,
    tick: Tick,
    book: Book,
    signal: Signal,
}

impl Case {
    fn new() -> Self {
        let open = Timestamp(0);
        let close = open.plus_millis(CLOSE_MS);
        let now = open.plus_millis(3_600_000);
        let session = Session {
            date: date(2026, 3, 2),
            open,
            close,
            early_close: false,
        };
        let mut feeds = Feeds::default();
        feeds.register("feed", 3_000);
        feeds.heard(FeedId(0), now);
        let from_feed = FeedId(0);
        Self {
            halt: TradingHalt::default(),
            sources: Sources {
                spot: from_feed,
                chain: from_feed,
                ..Sources::default()
            },
            quote: Quote {
                bid: Price(9_800),
                ask: Price(10_200),
                bid_size: 5,
                ask_size: 5,
                at: now,
            },
            settlement: Settlement(close),
            feeds,
            tick: Tick {
                number: 1,
                now,
                session,
                opens_session: false,
                skipped: 0,
            },
            book: Book {
                held: BTreeSet::new(),
                sellable: std::collections::BTreeMap::new(),
                premium: Cash::ZERO,
                wanted: Cash::ZERO,
                cash: Cash::from_dollars(10_000.0).unwrap(),
                equity: Cash::from_dollars(10_000.0).unwrap(),
            },
            signal: signal(0, 0, 1.02),
        }
    }

    fn judge(&self) -> Result<(), Refused> {
        let market = Market {
            underlying: Some((&self.halt, &self.sources)),
            contract: Some((&self.quote, &self.settlement)),
            feeds: &self.feeds,
            tick: &self.tick,
        };
        judge(&self.signal, &market, &self.book, &config())
    }

    fn after(change: impl FnOnce(&mut Self)) -> Result<(), Refused> {
        let mut case = Self::new();
        change(&mut case);
        case.judge()
    }
}

#[test]
fn a_good_order_passes() {
    assert_eq!(Case::new().judge(), Ok(()));
}

#[test]
fn time_and_market_must_allow_an_entry() {
    let minutes_left = |minutes: i64| {
        Case::after(|case| {
            case.tick.now = Timestamp(0).plus_millis(CLOSE_MS - minutes * 60_000);
            case.feeds.heard(FeedId(0), case.tick.now);
        })
    };
    assert_eq!(minutes_left(11), Ok(()));
    assert_eq!(minutes_left(10), Err(Refused::Window));
    assert_eq!(minutes_left(0), Err(Refused::Window));
    let settled = Case::after(|case| case.settlement = Settlement(case.tick.now));
    assert_eq!(settled, Err(Refused::Window));
    assert_eq!(
        Case::after(|case| case.halt.halted = true),
        Err(Refused::Halted)
    );
    let silent = Case::after(|case| case.tick.now = case.tick.now.plus_millis(3_001));
    assert_eq!(silent, Err(Refused::StaleData));
    let unknown = Case::after(|case| case.sources.chain = FeedId::ENGINE);
    assert_eq!(unknown, Err(Refused::StaleData));
}

#[test]
fn the_price_must_be_near_a_two_sided_quote() {
    assert_eq!(
        Case::after(|case| case.quote.bid = Price::NONE),
        Err(Refused::Quote)
    );
    assert_eq!(
        Case::after(|case| case.quote.bid = Price(10_300)),
        Err(Refused::Quote)
    );
    assert_eq!(
        Case::after(|case| case.signal.limit = Price(11_200)),
        Ok(())
    );
    assert_eq!(
        Case::after(|case| case.signal.limit = Price(11_201)),
        Err(Refused::Collar)
    );
    assert_eq!(
        Case::after(|case| case.signal.limit = Price::NONE),
        Err(Refused::Collar)
    );
}

#[test]
fn limits_count_what_is_held_and_what_is_in_flight() {
    let holds = |pairs: &[(u32, u32)]| {
        let held: BTreeSet<_> = pairs
            .iter()
            .map(|(s, c)| (SymbolId(*s), ContractId(*c)))
            .collect();
        Case::after(|case| case.book.held = held)
    };
    assert_eq!(holds(&[(0, 1), (1, 2)]), Ok(()));
    assert_eq!(holds(&[(0, 0)]), Err(Refused::AlreadyHeld));
    assert_eq!(holds(&[(0, 1), (0, 2)]), Err(Refused::PositionsPerSymbol));
    assert_eq!(holds(&[(1, 1), (1, 2), (2, 3)]), Err(Refused::Positions));
    assert_eq!(
        Case::after(|case| case.signal.quantity = 5),
        Err(Refused::OrderNotional)
    );
    let premium = |held: f64, wanted: f64| {
        Case::after(|case| {
            case.book.premium = Cash::from_dollars(held).unwrap();
            case.book.wanted = Cash::from_dollars(wanted).unwrap();
        })
    };
    assert_eq!(premium(800.0, 98.0), Ok(()));
    assert_eq!(premium(800.0, 98.01), Err(Refused::Premium));
    assert_eq!(
        Case::after(|case| case.book.cash = Cash(1_019_999)),
        Err(Refused::Cash)
    );
}

#[test]
fn an_order_in_flight_counts_as_filled() {
    let case = Case::new();
    let mut book = case.book;
    let first = order_of(&case.signal, OrderId(1), &case.tick, &config());
    book.add(&first);
    assert_eq!(book.wanted, Cash::from_dollars(102.0).unwrap());
    let mut again = Case::new();
    again.book = book;
    assert_eq!(again.judge(), Err(Refused::AlreadyHeld));
    again.signal = signal(0, 1, 1.02);
    assert_eq!(again.judge(), Ok(()));
}

#[test]
fn an_exit_skips_limits_but_never_sells_what_is_not_held() {
    let exit = |held: i64, asked: u32| {
        Case::after(|case| {
            case.signal.intent = Intent::Stop;
            case.signal.side = Side::Sell;
            case.signal.quantity = asked;
            case.book.sellable.insert(ContractId(0), held);
            case.halt.halted = true;
            case.book.cash = Cash::ZERO;
        })
    };
    assert_eq!(exit(3, 3), Ok(()));
    assert_eq!(exit(2, 3), Err(Refused::NotHeld));
    assert_eq!(
        Case::after(|case| case.signal.intent = Intent::Stop),
        Err(Refused::NotHeld)
    );
}
