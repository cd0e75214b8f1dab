//! Limits, recomputed with everything in flight at its worst: I14 to I16 and I19; and I7, I8, I13
//! where a limit holds only because something was left out.

use super::Moment;
use crate::found::Found;
use crate::limits::{AuditLimits, PPM};
use crate::model::Model;
use crate::model::money::cost;
use crate::model::order::Order;
use components::contract::Instrument;
use components::market::Side;
use components::order::{OrderIntent, OrderStatus, Role};
use std::collections::BTreeMap;

/// What an engine with a fault may have left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftOut {
    Nothing,
    Unknown,
    Cancelling,
    Foreign,
}

/// What is held and wanted, at its worst.
#[derive(Debug, Default)]
struct Worst {
    positions: u32,
    on_symbol: u32,
    working: u32,
    premium: i128,
}

/// I14: what is held, in flight and wanted stays inside every limit at once; and I7, I8, I13 where
/// it would have without unknown orders, without those being cancelled, without others' orders.
pub(crate) fn i14_worst_case(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    intent: &OrderIntent,
) {
    found.judge(14);
    let Some(what) = excess(&worst(model, intent, LeftOut::Nothing), model, limits) else {
        return i14_size(found, limits, intent);
    };
    let fits = |left_out| excess(&worst(model, intent, left_out), model, limits).is_none();
    let (invariant, also) = if fits(LeftOut::Unknown) {
        (7, ", unknown orders included")
    } else if fits(LeftOut::Cancelling) {
        (8, ", orders that are being cancelled included")
    } else if fits(LeftOut::Foreign) {
        (13, ", others' orders included")
    } else {
        (14, "")
    };
    let (id, contract) = (intent.order.id, intent.order.contract);
    found.add(
        invariant,
        format!("order {id} of {contract} makes {what}{also}"),
    );
}

fn i14_size(found: &mut Found, limits: &AuditLimits, intent: &OrderIntent) {
    found.judge(14);
    let order = &intent.order;
    let (id, contract, quantity) = (order.id, order.contract, order.quantity);
    if quantity > limits.order_contracts_max {
        let most = limits.order_contracts_max;
        found.add(
            14,
            format!("order {id} is for {quantity} of {contract}; expected at most {most}"),
        );
    }
    let premium = premium(intent);
    if premium > i128::from(limits.order_notional_max.0) {
        let most = limits.order_notional_max;
        let cost = dollars(premium);
        found.add(
            14,
            format!("order {id} of {contract} costs {cost}; expected at most {most}"),
        );
    }
}

/// I15: the session's loss at its worst stays inside its limit before each opening. Judged where
/// everything held has a mark, which is always so where nothing is held.
pub(crate) fn i15_day_loss(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    intent: &OrderIntent,
    moment: &Moment,
) {
    found.judge(15);
    let open = i128::from(model.account.day_open_equity.0);
    let share = open.max(0) * i128::from(limits.day_loss_share_max_ppm) / PPM;
    let most = i128::from(limits.day_loss_max.0).min(share);
    if model.date == 0 {
        return;
    }
    let mut worth = 0;
    for (instrument, held) in model.money.positions() {
        let quote = match instrument {
            Instrument::Option(contract) => limits.quote(contract, moment.now),
            Instrument::Stock(_) => None,
        };
        let Some(quote) = quote else {
            return;
        };
        let mark = if held.quantity > 0 {
            quote.bid
        } else {
            quote.ask
        };
        worth += cost(mark, held.quantity, instrument.multiplier());
    }
    let in_flight: i128 = model.in_flight().map(at_risk).sum();
    let loss = open - model.money.cash - worth + in_flight + premium(intent);
    if loss > most {
        let (id, contract) = (intent.order.id, intent.order.contract);
        let (loss, most) = (dollars(loss), dollars(most));
        found.add(
            15,
            format!(
                "order {id} of {contract} makes a loss of {loss} possible today; expected \
                 at most {most}"
            ),
        );
    }
}

/// I16: trades lost in a row count over a restart. Not judged once a correction has changed what a
/// closed trade was worth, or a position was carried into the session.
pub(crate) fn i16_losing_trades(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    intent: &OrderIntent,
) {
    found.judge(16);
    let lost = model.money.losing_trades;
    if model.money.is_streak_known && lost >= limits.losing_trades_max {
        let (id, contract) = (intent.order.id, intent.order.contract);
        let most = limits.losing_trades_max;
        found.add(
            16,
            format!(
                "order {id} opens {contract} after {lost} lost trades in a row; expected \
                 none from {most} on"
            ),
        );
    }
}

/// I19: nothing is sold short, and what closes is held and not being closed already.
pub(crate) fn i19_covered(
    found: &mut Found,
    model: &Model,
    limits: &AuditLimits,
    intent: &OrderIntent,
) {
    found.judge(19);
    let order = &intent.order;
    let (id, contract) = (order.id, order.contract);
    if order.side != Side::Sell || limits.short_options {
        return;
    }
    if order.role == Role::Entry {
        return found.add(
            19,
            format!("order {id} sells {contract} to open; expected no short options"),
        );
    }
    let mut groups: BTreeMap<_, i128> = BTreeMap::new();
    let group = |order: &components::order::Order| order.oca.unwrap_or(order.id);
    for closer in model
        .closers(&contract)
        .filter(|o| o.terms().side == Side::Sell)
    {
        let largest = groups.entry(group(closer.terms())).or_default();
        *largest = (*largest).max(model.closes(closer));
    }
    let own = model.closes(&Order::new(order.at, intent));
    if own == 0 {
        // A leg whose entry is not filled sells nothing yet.
        return;
    }
    let beside = groups.remove(&group(order)).unwrap_or_default();
    let others: i128 = groups.values().sum();
    let held = model.held(&Instrument::Option(contract)).max(0);
    if others + own.max(beside) > held {
        found.add(
            19,
            format!(
                "order {id} sells {own} of {contract} besides {others} on their way; \
                 expected at most {held}, which are held"
            ),
        );
    }
}

fn worst(model: &Model, intent: &OrderIntent, left_out: LeftOut) -> Worst {
    let contract = intent.order.contract;
    let mut wanted: BTreeMap<Instrument, i128> = BTreeMap::new();
    wanted.insert(Instrument::Option(contract), premium(intent));
    let mut working = 1;
    for order in model.in_flight().filter(|order| counts(order, left_out)) {
        working += 1;
        if order.terms().role == Role::Entry && order.unfilled() > 0 {
            let instrument = Instrument::Option(order.terms().contract);
            *wanted.entry(instrument).or_default() += at_risk(order);
        }
    }
    if left_out != LeftOut::Foreign {
        for open in model.foreign.values() {
            let left = i128::from(open.quantity.saturating_sub(open.filled));
            if left > 0 && open.side == Side::Buy {
                let price = open.limit.unwrap_or_default();
                let amount = cost(price, left, open.instrument.multiplier());
                *wanted.entry(open.instrument).or_default() += amount;
            }
        }
    }
    let mut premium = wanted.values().sum();
    for (instrument, held) in model.money.positions() {
        wanted.entry(*instrument).or_default();
        let is_option = matches!(instrument, Instrument::Option(_));
        if is_option && held.quantity > 0 && !held.is_corrected {
            premium += held.cost.max(0);
        }
    }
    let on_symbol = wanted
        .keys()
        .filter(|i| i.underlying() == contract.underlying);
    Worst {
        positions: count(wanted.len()),
        on_symbol: count(on_symbol.count()),
        working,
        premium,
    }
}

fn counts(order: &Order, left_out: LeftOut) -> bool {
    match left_out {
        LeftOut::Unknown => order.status != OrderStatus::Unknown,
        LeftOut::Cancelling => !(order.cancel_pending() || order.is_over()),
        LeftOut::Nothing | LeftOut::Foreign => true,
    }
}

fn excess(worst: &Worst, model: &Model, limits: &AuditLimits) -> Option<String> {
    let over = |found: u32, most: u32, what: &str| {
        (found > most).then(|| format!("{found} {what}; expected at most {most}"))
    };
    let equity = model.account.high_water.max(model.account.day_open_equity);
    let most = i128::from(equity.0.max(0)) * i128::from(limits.premium_share_max_ppm) / PPM;
    over(worst.positions, limits.positions_max, "positions")
        .or_else(|| {
            over(
                worst.on_symbol,
                limits.positions_per_symbol_max,
                "positions on one underlying",
            )
        })
        .or_else(|| over(worst.working, limits.working_orders_max, "orders in flight"))
        .or_else(|| {
            let (premium, most_usd) = (dollars(worst.premium), dollars(most));
            (worst.premium > most && model.date != 0)
                .then(|| format!("premium of {premium}; expected at most {most_usd}"))
        })
}

/// What an order in flight may still cost.
fn at_risk(order: &Order) -> i128 {
    let terms = order.terms();
    if terms.side == Side::Sell || terms.role != Role::Entry {
        return 0;
    }
    let limit = terms.kind.limit().unwrap_or_default();
    cost(limit, order.unfilled(), terms.contract.terms.multiplier)
}

fn premium(intent: &OrderIntent) -> i128 {
    at_risk(&Order::new(intent.order.at, intent))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// An amount in words.
pub(crate) fn dollars(units: i128) -> String {
    let sign = if units < 0 { "-" } else { "" };
    let units = units.unsigned_abs();
    format!("{sign}{}.{:04}", units / 10_000, units % 10_000)
}
