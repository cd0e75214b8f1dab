//! A feed can be damaged as a script says, and an exchange does not trade on garbage.

use crate::common::{Drained, entry, named, report, sessions, tick};
use components::contract::{ContractId, Instrument};
use components::market::{Side, Ticker, TickerError};
use components::order::OrderKind;
use components::units::{Price, Timestamp};
use engine::event::{Event, EventKind};
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed};
use engine::report::Report;
use simulator::{
    EventClass, ExchangeConfig, Fault, FaultKind, Faulted, Market, MarketConfig, Scripted,
    ScriptedEvent, ScriptedKind, exchange, settled_at_close, ticker_of,
};
use std::collections::{BTreeMap, BTreeSet};

fn market() -> Market {
    let config = MarketConfig {
        underlyings: 2,
        contracts_per_chain: 40,
        ..MarketConfig::default()
    };
    Market::new(&config, 7, &sessions()).unwrap()
}

fn second(n: i64) -> Timestamp {
    sessions()[0].open.plus_millis(1_000 * n)
}

/// The events of a minute, sound and with `kind` from second 20 until second 40.
fn minute(kind: FaultKind) -> (Vec<Event>, Vec<Event>) {
    let fault = Fault {
        from: second(20),
        until: second(40),
        kind,
    };
    let faulted = Faulted::new(Box::new(market()), 7, vec![fault]).unwrap();
    let run = |mut feed: Drained| feed.run(sessions()[0], 1, 240);
    (run(Drained::new(market())), run(Drained::new(faulted)))
}

fn is_during(event: &Event) -> bool {
    event.received >= second(20) && event.received < second(40)
}

#[test]
fn a_dead_line_says_nothing_not_even_that_it_lives() {
    let (sound, faulted) = minute(FaultKind::Drop(EventClass::All));
    let rest: Vec<Event> = sound.into_iter().filter(|e| !is_during(e)).collect();
    assert_eq!(faulted, rest);
}

#[test]
fn a_dropped_class_leaves_the_others_alone() {
    let classes = [
        EventClass::Quotes,
        EventClass::Trades,
        EventClass::Books,
        EventClass::Options,
    ];
    for class in classes {
        let (sound, faulted) = minute(FaultKind::Drop(class));
        let lost = sound.len() - faulted.len();
        let rest: Vec<Event> = sound
            .into_iter()
            .filter(|event| !(is_during(event) && class.holds(&event.kind)))
            .collect();
        assert_eq!(faulted, rest);
        assert!(lost > 10, "{class:?} lost {lost}");
    }
    assert!(EventClass::OpenInterest.holds(&EventKind::OpenInterest {
        contract: ContractId(0),
        contracts: 1,
    }));
    assert!(!EventClass::OpenInterest.holds(&EventKind::Heartbeat));
}

#[test]
fn garbage_comes_at_its_rate_and_of_every_kind() {
    let (sound, faulted) = minute(FaultKind::Garble {
        ticker: None,
        per_tick: 2.5,
    });
    assert_eq!(sound.len(), faulted.len());
    let mut seen = [0; 6];
    for (before, after) in sound.iter().zip(&faulted) {
        assert_eq!(before.received, after.received);
        if before == after {
            continue;
        }
        assert!(is_during(after));
        let (bid, ask) = match after.kind {
            EventKind::Quote { bid, ask, .. } | EventKind::OptionQuote { bid, ask, .. } => {
                (bid, ask)
            }
            EventKind::Trade { price, .. } | EventKind::OptionTrade { price, .. } => (price, price),
            ref other => panic!("{other:?} was damaged"),
        };
        let way = match (after.at, bid, ask) {
            (at, ..) if at > after.received => 0,
            (at, ..) if at < before.at => 1,
            (_, bid, ask) if bid.0 < 0 && ask.0 < 0 => 2,
            (_, Price(0), Price(0)) => 3,
            (_, bid, ask) if bid > ask => 4,
            (_, _, ask) if ask.0 >= 100_000_000 => 5,
            _ => panic!("{before:?} became {after:?}"),
        };
        seen[way] += 1;
    }
    let damaged: u32 = seen.iter().sum();
    assert!((150..=240).contains(&damaged), "{seen:?}");
    assert!(seen.iter().all(|count| *count > 5), "{seen:?}");
}

#[test]
fn garbage_can_be_kept_to_one_underlying() -> Result<(), TickerError> {
    let first = ticker_of(0);
    let (sound, faulted) = minute(FaultKind::Garble {
        ticker: Some(first),
        per_tick: 50.0,
    });
    let mut listed = Drained::new(market());
    listed.at(tick(sessions()[0], 1));
    let changed: Vec<&Event> = sound
        .iter()
        .zip(&faulted)
        .filter_map(|(before, after)| (before != after).then_some(after))
        .collect();
    assert!(changed.len() > 50);
    for event in changed {
        let symbol = match event.kind {
            EventKind::Quote { symbol, .. } | EventKind::Trade { symbol, .. } => symbol,
            EventKind::OptionQuote { contract, .. } | EventKind::OptionTrade { contract, .. } => {
                listed.directory.listed(contract).unwrap().symbol
            }
            ref other => panic!("{other:?}"),
        };
        assert_eq!(listed.directory.ticker(symbol), Some(Ticker::new("AAA")?));
    }
    Ok(())
}

#[test]
fn an_impossible_rate_is_refused() {
    let fault = Fault {
        from: second(0),
        until: second(1),
        kind: FaultKind::Garble {
            ticker: None,
            per_tick: -1.0,
        },
    };
    let error = Faulted::new(Box::new(market()), 7, vec![fault]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a fault has per_tick -1, must be 0 to 10000"
    );
}

#[test]
fn a_script_speaks_at_its_times_and_lists_what_it_names() {
    let spy = Ticker::new("SPY").unwrap();
    let event = |at, kind| ScriptedEvent { at, kind };
    let mut script = Drained::new(Scripted::new(
        "script",
        vec![
            event(second(2), ScriptedKind::Resumed(spy)),
            event(second(1), ScriptedKind::Halted(spy)),
            event(second(1), ScriptedKind::Event(EventKind::FeedLost)),
        ],
    ));
    let events = script.run(sessions()[0], 1, 240);
    let symbol = script.directory.symbol(spy).unwrap();
    let kinds: Vec<&EventKind> = events.iter().map(|event| &event.kind).collect();
    assert_eq!(
        kinds,
        [
            &EventKind::Halted { symbol },
            &EventKind::FeedLost,
            &EventKind::Resumed { symbol }
        ]
    );
    assert_eq!(events[0].received, second(1));
    assert!(script.feed.is_exhausted());
}

#[test]
fn an_exchange_fills_nothing_on_garbage() {
    for seed in 0..10 {
        trade_on_garbage(seed);
    }
}

fn trade_on_garbage(seed: u64) {
    let days = sessions();
    let session = days[0];
    let fault = Fault {
        from: second(0),
        until: second(600),
        kind: FaultKind::Garble {
            ticker: None,
            per_tick: 20.0,
        },
    };
    let faulted = Faulted::new(Box::new(market()), seed, vec![fault]).unwrap();
    let mut feed = Drained::new(faulted);
    let mut truth = Drained::new(market());
    let (mut broker, mut reports) =
        exchange(&ExchangeConfig::default(), seed, settled_at_close(&days)).unwrap();
    let mut true_prices: BTreeMap<ContractId, BTreeSet<Price>> = BTreeMap::new();
    let mut fills = 0;
    for point in 1..=1_200 {
        let tick = tick(session, point);
        for event in truth.at(tick) {
            if let EventKind::OptionQuote {
                contract, bid, ask, ..
            } = event.kind
            {
                true_prices.entry(contract).or_default().extend([bid, ask]);
            }
        }
        let mut inbox = Inbox::default();
        inbox.extend(feed.at(tick).to_vec());
        let events = inbox.len();
        reports.drain(&tick, &feed.directory, &mut inbox).unwrap();
        for event in &inbox.events()[events..] {
            if let Report::Executed(fill) = report(event) {
                let Instrument::Option(contract) = fill.instrument else {
                    panic!("{fill:?}");
                };
                let contract = feed.directory.contract(contract.underlying, contract.terms);
                let prices = &true_prices[&contract.unwrap()];
                assert!(prices.contains(&fill.price), "{fill:?}");
                fills += 1;
            }
        }
        let number = point.unsigned_abs();
        let contract = ContractId(u32::try_from(number % 80).unwrap());
        let side = if number.is_multiple_of(3) {
            Side::Sell
        } else {
            Side::Buy
        };
        let order = entry(
            (number, named(&feed.directory, contract)),
            side,
            3,
            OrderKind::Market,
            (tick.now, tick.now.plus_millis(20_000)),
        );
        broker.submit(&[order]);
    }
    assert!(fills > 150, "{fills} fills");
}

#[test]
fn an_offset_moves_the_prices_of_one_underlying_and_nothing_else() {
    let (of, by) = (ticker_of(0), Price(250_000));
    let (sound, faulted) = minute(FaultKind::Offset { ticker: of, by });
    assert_eq!(sound.len(), faulted.len());
    let mut moved = 0;
    for (sound, faulted) in sound.iter().zip(&faulted) {
        let mut expected = sound.clone();
        if let EventKind::Quote {
            symbol, bid, ask, ..
        } = &mut expected.kind
            && symbol.0 == 0
            && is_during(sound)
        {
            (bid.0, ask.0) = (bid.0 + by.0, ask.0 + by.0);
            moved += 1;
        } else if let EventKind::Trade { symbol, price, .. } = &mut expected.kind
            && symbol.0 == 0
            && is_during(sound)
        {
            price.0 += by.0;
            moved += 1;
        }
        assert_eq!(*faulted, expected);
    }
    assert!(moved > 10, "{moved}");
}
