//! What was traded in the options of the underlying in this session.

use super::{Facts, Seen, was_computed};
use crate::mirror::convert::is_known;
use components::options_flow::OptionsFlow;
use components::units::Cash;

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    let Some(flow) = seen.get::<OptionsFlow>() else {
        return;
    };
    let count = |count: u64| is_known(&flow.stamp).then_some(count as f64);
    facts.begin("options", "trades since the open", flow.stamp);
    facts.number("call_volume", "contracts", count(flow.call_volume));
    facts.number("put_volume", "contracts", count(flow.put_volume));
    facts.number("put_call_volume", "puts per call", flow.put_call_volume);
    facts.because("no call was traded");
    facts.number("zero_day_share", "0 to 1", flow.zero_day_share);
    facts.because("nothing was traded yet");
    facts.begin("options", "open interest of last night", flow.stamp);
    facts.number("call_interest", "contracts", count(flow.call_interest));
    facts.number("put_interest", "contracts", count(flow.put_interest));
    facts.number("put_call_interest", "puts per call", flow.put_call_interest);
    facts.because("no call is open");

    facts.begin("options", "trades whose side is known", flow.sided);
    let mut sided = |name: &str, unit: &str, value: Option<f64>| {
        facts.number(name, unit, value);
        if was_computed(&flow.sided) {
            facts.whatever("no trade has a side");
        }
    };
    let bought = flow.bought.map(Cash::dollars);
    sided("premium_bought_usd", "USD", bought);
    sided("premium_sold_usd", "USD", flow.sold.map(Cash::dollars));
    sided("sided_share", "0 to 1", flow.sided_share);
    sided("delta_covered", "0 to 1", flow.delta_covered);
    facts.number("options_delta_shares", "shares", flow.delta_shares);
    if was_computed(&flow.sided) {
        facts.whatever("no trade with a side has a delta");
    }

    facts.begin("options", "volume against open interest", flow.stamp);
    let unusual = count(flow.unusual_count.into());
    facts.number("unusual_contracts", "contracts", unusual);
    for (place, one) in flow.unusual.iter().flatten().enumerate() {
        let (osi, traded) = (one.terms.osi(), one.volume.contracts);
        let words = format!("{osi}: {traded} traded, {} open", one.interest);
        facts.word(&format!("unusual_{}", place + 1), Some(&words));
    }
}
