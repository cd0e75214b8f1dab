//! Scripted moves of the synthetic market.

use crate::common::{Drained, market, mids, option_quotes, sessions, small, trades};
use components::units::Timestamp;
use engine::event::{Event, EventKind};
use simulator::{Market, MarketMove, MoveKind, ticker_of};

fn moved(scripted: &[MarketMove]) -> Drained {
    let market = Market::new(&small(), 7, &sessions()).unwrap();
    Drained::new(market.with_moves(scripted).unwrap())
}

fn scripted(at: Timestamp, kind: MoveKind) -> MarketMove {
    MarketMove {
        at,
        ticker: ticker_of(0),
        kind,
    }
}

#[test]
fn a_scripted_jump_is_seen_after_its_instant_and_by_the_chain() {
    let session = sessions()[0];
    let at = session.open.plus_millis(60_000);
    let jump = scripted(at, MoveKind::SpotJump { percent: 3.0 });
    let events = moved(&[jump]).run(session, 1, 300);
    let calm = market(&small(), 7).run(session, 1, 300);
    let until = |events: &[Event]| -> Vec<Event> {
        let before = events.iter().filter(|event| event.received <= at);
        before.cloned().collect()
    };
    assert_eq!(until(&events), until(&calm));
    let end = |events: &[Event]| *mids(events).last_key_value().unwrap().1;
    let ratio = end(&events) / end(&calm);
    assert!((ratio - 1.03).abs() < 0.002, "{ratio}");
    let late = |events: &[Event]| {
        let quotes = option_quotes(events).filter(|(_, quote)| quote.at > at);
        quotes.count()
    };
    assert!(late(&events) > late(&calm));
}

#[test]
fn a_scripted_drift_brings_its_percent_and_buyers() {
    let session = sessions()[0];
    let at = session.open.plus_millis(10_000);
    let kind = MoveKind::SpotDrift {
        percent: 5.0,
        seconds: 60.0,
    };
    let events = moved(&[scripted(at, kind)]).run(session, 1, 400);
    let mids = mids(&events);
    let ratio = mids.last_key_value().unwrap().1 / mids.first_key_value().unwrap().1;
    assert!((1.035..1.075).contains(&ratio), "{ratio}");
    let bought = |events: &[Event]| -> f64 {
        let first = events
            .iter()
            .filter(|event| matches!(event.kind, EventKind::Trade { symbol, .. } if symbol.0 == 0));
        let first: Vec<Event> = first.cloned().collect();
        let during = trades(&first).into_iter().filter(|trade| trade.0 > at);
        during.map(|trade| trade.3).sum()
    };
    let calm = market(&small(), 7).run(session, 1, 400);
    assert!(bought(&events) > bought(&calm) + 20.0);
}

#[test]
fn a_scripted_halt_silences_the_underlying_and_its_chain() {
    let session = sessions()[0];
    let at = session.open.plus_millis(30_000);
    let halt = scripted(at, MoveKind::Halt { seconds: 20.0 });
    let mut market = moved(&[halt]);
    let events = market.run(session, 1, 240);
    let when = |wanted: fn(&EventKind) -> bool| {
        let found = events.iter().find(|event| wanted(&event.kind));
        found.map(|event| event.received).unwrap()
    };
    let from = when(|kind| matches!(kind, EventKind::Halted { symbol } if symbol.0 == 0));
    let until = when(|kind| matches!(kind, EventKind::Resumed { symbol } if symbol.0 == 0));
    assert_eq!(until.nanos_since(from), 20_000_000_000);
    assert!(from > at);
    let is_first = |event: &Event| match &event.kind {
        EventKind::Quote { symbol, .. }
        | EventKind::Trade { symbol, .. }
        | EventKind::Book { symbol, .. } => symbol.0 == 0,
        EventKind::OptionQuote { contract, .. } | EventKind::OptionTrade { contract, .. } => {
            market.directory.listed(*contract).unwrap().symbol.0 == 0
        }
        _ => false,
    };
    let first: Vec<&Event> = events.iter().filter(|event| is_first(event)).collect();
    assert!(
        !first
            .iter()
            .any(|event| event.received > from && event.received < until)
    );
    let after = first.iter().filter(|event| {
        matches!(event.kind, EventKind::OptionQuote { .. }) && event.received > until
    });
    assert!(after.count() >= 80, "the chain is quoted anew");
}
