//! The market of these tests: one underlying at 100 and four contracts around it.

use crate::support::Script;
use components::contract::{ContractId, OptionTerms};
use components::market::{SymbolId, Ticker};
use components::order::{OrderId, PermId};
use components::signal::StrategyName;
use components::units::Price;
use engine::event::EventKind;
use engine::report::Report;

pub(crate) const CALL_100: &str = "TEST  260320C00100000";
pub(crate) const PUT_100: &str = "TEST  260320P00100000";
pub(crate) const CALL_101: &str = "TEST  260320C00101000";
pub(crate) const PUT_99: &str = "TEST  260320P00099000";
pub(crate) const ALL: [&str; 4] = [CALL_100, PUT_100, CALL_101, PUT_99];
pub(crate) const ACCOUNT: &str = "DU1";

pub(crate) fn strategy() -> StrategyName {
    StrategyName::new("test")
}

pub(crate) fn ticker() -> Ticker {
    Ticker::new("TEST").unwrap()
}

pub(crate) fn terms(osi: &str) -> OptionTerms {
    OptionTerms {
        style: components::contract::ExerciseStyle::European,
        ..OptionTerms::from_osi(osi).unwrap()
    }
}

pub(crate) fn perm(order: OrderId) -> PermId {
    PermId(1_000 + order.0)
}

pub(crate) fn connected() -> Report {
    Report::Connected {
        account: ACCOUNT.to_owned(),
        next_order: OrderId(1),
    }
}

pub(crate) fn price(dollars: f64) -> Price {
    Price::from_dollars(dollars).unwrap()
}

pub(crate) fn spot(bid: f64, ask: f64) -> EventKind {
    EventKind::Quote {
        symbol: SymbolId(0),
        bid: price(bid),
        ask: price(ask),
        bid_size: 300,
        ask_size: 200,
    }
}

pub(crate) fn quote(contract: ContractId, bid: f64, ask: f64) -> EventKind {
    EventKind::OptionQuote {
        contract,
        bid: price(bid),
        ask: price(ask),
        bid_size: 100,
        ask_size: 100,
    }
}

/// A chain around 100, quoted in the first tick after the open.
pub(crate) fn script() -> Script {
    let mut lines = vec![(100, spot(99.99, 100.01))];
    for id in 0..4 {
        let contract = ContractId(id);
        lines.push((
            100,
            EventKind::OpenInterest {
                contract,
                contracts: 1_000,
            },
        ));
        lines.push((100, quote(contract, 2.00, 2.04)));
    }
    Script::new(&ALL, lines)
}
