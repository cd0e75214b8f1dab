//! What can be traded of the underlying and its options, and at what cost.

use super::{Facts, Seen, was_computed};
use components::liquidity::{Illiquid, Liquidity};
use components::market::QuoteState;

const BPS: &str = "basis points";

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    let Some(found) = seen.get::<Liquidity>() else {
        return;
    };
    let is_computed = was_computed(&found.stamp);
    facts.begin("liquidity", "best levels, book and trades", found.stamp);
    let state = found.reason.map_or(found.state.name(), Illiquid::name);
    facts.word("liquidity_state", is_computed.then_some(state));
    facts.number("liquidity_score", "0 to 100", found.score);
    facts.number("spread_bps", BPS, found.spread_bps);
    facts.number("effective_spread_bps", BPS, found.effective_spread_bps);
    facts.because("no trade with a quote before it in the window");
    let has_sides = found.state != QuoteState::NoData;
    for (name, depth) in [
        ("bid_depth", &found.bid_depth),
        ("ask_depth", &found.ask_depth),
    ] {
        for levels in [1, 5, 10] {
            let shares = depth.get(levels - 1).filter(|_| has_sides);
            let shares = shares.map(|shares| *shares as f64);
            facts.number(&format!("{name}_l{levels}"), "shares", shares);
        }
    }
    facts.number("depth_5_usd", "USD", found.depth_usd);
    facts.number("depth_decay", "per level", found.decay);
    facts.because("too few levels have a size");
    for slippage in found.slippage.iter().filter(|one| one.shares > 0) {
        let sides = [("buy", slippage.buy_bps), ("sell", slippage.sell_bps)];
        for (side, bps) in sides {
            let name = format!("slippage_{side}_{}", slippage.shares);
            facts.number(&name, BPS, bps);
            facts.because("the book does not hold so many shares");
        }
    }
    let chain = found.chain;
    let count = |count: u32| is_computed.then_some(f64::from(count));
    facts.begin("liquidity", "quotes of the options", found.stamp);
    facts.number("options_listed", "contracts", count(chain.contracts));
    facts.number("options_quoted", "contracts", count(chain.quoted));
    facts.number("options_spread", "of midpoint", chain.spread_share);
    facts.because("none of delta 0.25 to 0.75 is quoted on both sides");
    facts.number("options_spread_of", "contracts", count(chain.near));
}
