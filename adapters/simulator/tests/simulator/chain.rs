//! The option chains of the synthetic market.

use crate::common::{Drained, market, mids, option_quotes, points, sessions, small, tick};
use components::contract::{ContractId, OptionTerms, Right};
use components::market::Quote;
use components::price_grid::PriceGrid;
use engine::event::{Event, EventKind};
use simulator::MarketConfig;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn a_chain_reaches_from_today_to_six_weeks_ahead() {
    let session = sessions()[0];
    let mut market = market(&MarketConfig::default(), 7);
    let events = market.run(session, 1, 8);
    let quoted: BTreeSet<u32> = option_quotes(&events).map(|(id, _)| id.0).collect();
    assert_eq!(
        quoted.len(),
        1_600,
        "all contracts are quoted within two seconds"
    );
    let interest: Vec<(ContractId, u32)> = events
        .iter()
        .filter_map(|event| match event.kind {
            EventKind::OpenInterest {
                contract,
                contracts,
            } => Some((contract, contracts)),
            _ => None,
        })
        .collect();
    assert_eq!(interest.len(), 1_600);
    assert!(interest.iter().map(|(_, n)| u64::from(*n)).sum::<u64>() > 300_000);
    let mut days = BTreeSet::new();
    for number in 0..1_600 {
        let listed = market.directory.listed(ContractId(number)).unwrap();
        days.insert((listed.terms.expiry.date() - session.date).get_days());
    }
    assert!(days.contains(&0) && days.contains(&1));
    assert!(days.iter().any(|day| (14..=45).contains(day)));
    assert!(days.iter().all(|day| *day <= 45));
}

#[test]
fn option_quotes_lie_on_the_grid_and_never_cross() {
    let grid = PriceGrid::PENNY;
    let events = market(&small(), 5).run(sessions()[0], 1, 4_000);
    let mut without_bid = 0;
    for (contract, quote) in option_quotes(&events) {
        assert!(quote.ask > quote.bid, "{contract:?} {quote:?}");
        assert!(!quote.bid.is_some() || grid.holds(quote.bid));
        assert!(grid.holds(quote.ask));
        assert!(quote.ask_size > 0);
        assert_eq!(quote.bid.is_some(), quote.bid_size > 0);
        without_bid += u32::from(!quote.bid.is_some());
    }
    assert!(
        without_bid > 0,
        "contracts far out of the money have no bid"
    );
}

/// Call minus put equals spot minus discounted strike, within the quotes and what spot moved.
#[test]
fn calls_and_puts_agree_with_their_spot() {
    let config = small();
    let session = sessions()[0];
    let mut market = market(&config, 9);
    let mut quotes: BTreeMap<ContractId, Quote> = BTreeMap::new();
    let mut spots: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
    let mut checked = 0;
    for point in 1..=2_400 {
        let now = tick(session, point).now;
        let events = market.at(tick(session, point)).to_vec();
        quotes.extend(option_quotes(&events));
        for event in &events {
            if let EventKind::Quote {
                symbol, bid, ask, ..
            } = event.kind
            {
                let mid = (bid.dollars() + ask.dollars()) / 2.0;
                spots.entry(symbol.0).or_default().push(mid);
            }
        }
        if point % 240 != 0 {
            continue;
        }
        for (contract, call) in &quotes {
            let listed = market.directory.listed(*contract).unwrap();
            if listed.terms.right == Right::Put {
                continue;
            }
            let ticker = market.directory.ticker(listed.symbol).unwrap();
            let put_terms = OptionTerms {
                right: Right::Put,
                ..listed.terms
            };
            let put = quotes[&market.directory.contract(ticker, put_terms).unwrap()];
            let days = sessions();
            let expiry = listed.terms.expiry.date();
            let settlement = days.iter().find(|s| s.date == expiry).unwrap().close;
            let years = now.years_until(settlement);
            let strike = listed.terms.strike.dollars();
            let discounted = strike * engine::math::exp(-config.rate * years);
            let recent = spots[&listed.symbol.0].iter().rev().take(12);
            let (low, high) = recent.fold((f64::MAX, 0.0_f64), |(low, high), spot| {
                (low.min(*spot), high.max(*spot))
            });
            let slack = 1e-4;
            assert!(
                call.bid.dollars() - put.ask.dollars() <= high - discounted + slack
                    && call.ask.dollars() - put.bid.dollars() >= low - discounted - slack,
                "{} {call:?} {put:?} spot {low} to {high}",
                listed.terms
            );
            checked += 1;
        }
    }
    assert_eq!(checked, 10 * 80);
}

#[test]
fn contracts_expire_at_the_close_and_new_ones_come_the_next_day() {
    let days = sessions();
    let mut market = market(&small(), 7);
    let today = market.run(days[0], 1, 8);
    let expiring = |market: &Drained, id: ContractId, place: usize| {
        let listed = market.directory.listed(id).unwrap();
        listed.terms.expiry.date() == days[place].date
    };
    assert!(option_quotes(&today).any(|(id, _)| expiring(&market, id, 0)));
    let last = points(&days[0]);
    market.run(days[0], last - 400, last);
    let spot = |events: &[Event]| *mids(events).first_key_value().unwrap().1;
    let next = market.run(days[1], 1, 8);
    let quoted: BTreeSet<ContractId> = option_quotes(&next).map(|(id, _)| id).collect();
    assert_eq!(quoted.len(), 160);
    assert!(quoted.iter().all(|id| !expiring(&market, *id, 0)));
    assert!(quoted.iter().any(|id| expiring(&market, *id, 1)));
    assert!(quoted.iter().any(|id| expiring(&market, *id, 2)));
    assert!((spot(&next) / spot(&today) - 1.0).abs() < 0.15);
}

#[test]
fn a_share_of_every_chain_is_requoted_each_tick_for_benches() {
    let config = MarketConfig {
        requote_share: 0.1,
        ..small()
    };
    let mut market = market(&config, 7);
    let session = sessions()[0];
    let mut seen = BTreeSet::new();
    for point in 1..=10 {
        let events = market.at(tick(session, point)).to_vec();
        assert_eq!(option_quotes(&events).count(), 16);
        seen.extend(option_quotes(&events).map(|(id, _)| id));
    }
    assert_eq!(seen.len(), 160, "ten ticks go once through the chains");
}
