//! What is held and what protects it: I20, I21, I31.

use super::Moment;
use crate::figures::{Unprotected, millis};
use crate::found::Found;
use crate::limits::AuditLimits;
use crate::model::Model;
use crate::model::order::trigger;
use components::contract::{Contract, Instrument};
use components::order::{OrderId, OrderIntent, OrderKind, OrderStatus, Role};
use components::units::{Price, Timestamp};
use engine::record::Cause;
use std::collections::BTreeMap;

/// Since when positions are not protected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Protection {
    pub(crate) samples: Vec<Unprotected>,
    open: BTreeMap<Contract, Exposed>,
    before: BTreeMap<Contract, i128>,
}

/// A position that is not protected.
#[derive(Clone, Copy, Debug)]
struct Exposed {
    /// For the figures: what is not covered for certain.
    sample: Option<Unprotected>,
    /// For I20: since when nothing at all is under way.
    bare_since: Option<Timestamp>,
    /// For I31: since when a contract on its last day is not being closed.
    idle_since: Option<Timestamp>,
}

/// What stands between a position and the market.
struct Cover {
    /// Contracts held by orders of ours.
    held: i128,
    /// Contracts that acknowledged stops and exits cover.
    certain: i128,
    /// The same with stops that may be on their way.
    possible: i128,
    /// Contracts that exits close, and that others' orders may sell: whoever sold those as well might
    /// sell more than is held.
    closing: i128,
    /// Whether an order that closes is being cancelled, to make room for another.
    is_moving: bool,
}

impl Protection {
    /// Looks at what is held at the end of a frame. Only while the session is open and the line
    /// stands can anything be done about it: the time counts from then on.
    pub(crate) fn look(
        &mut self,
        found: &mut Found,
        model: &Model,
        limits: &AuditLimits,
        moment: &Moment,
    ) {
        let can_act = moment.is_open()
            && model.reconciled
            && !model.latches.contains_key(&Cause::WrongAccount)
            && model.asked.is_none_or(|(query, at)| {
                let is_answered = model
                    .answer
                    .as_ref()
                    .is_some_and(|a| a.state.query >= query);
                is_answered || millis(at, moment.now) < limits.unprotected_max_ms
            });
        let held: BTreeMap<Contract, i128> = model
            .money
            .positions()
            .filter_map(|(instrument, held)| match instrument {
                Instrument::Option(contract) => Some((*contract, held.quantity.min(held.ours))),
                Instrument::Stock(_) => None,
            })
            .filter(|(_, held)| *held > 0)
            .collect();
        let gone: Vec<Contract> = self
            .open
            .keys()
            .filter(|c| !held.contains_key(c))
            .copied()
            .collect();
        for contract in gone {
            self.end(contract, moment);
        }
        for (contract, held) in &held {
            let cover = cover(model, contract, *held);
            let grew = self.before.get(contract).is_none_or(|before| before < held);
            self.sample(contract, &cover, grew, can_act, moment);
            let exposed = self.open.entry(*contract).or_insert(Exposed {
                sample: None,
                bare_since: None,
                idle_since: None,
            });
            i20_protected(found, limits, moment, (contract, &cover), exposed, can_act);
            i31_expiring(found, limits, moment, (contract, &cover), exposed, can_act);
        }
        self.before = held;
    }

    /// Whether everything held was covered or being closed at the end of the last frame.
    pub(crate) fn is_covered(&self) -> bool {
        self.open.values().all(|exposed| exposed.sample.is_none())
    }

    /// Ends what is still open, at the end of the journal.
    pub(crate) fn finish(&mut self, moment: &Moment) {
        for contract in self.open.keys().copied().collect::<Vec<_>>() {
            self.end(contract, moment);
        }
    }

    fn end(&mut self, contract: Contract, moment: &Moment) {
        if let Some(exposed) = self.open.remove(&contract)
            && let Some(mut sample) = exposed.sample
        {
            sample.millis = millis(sample.from, moment.now);
            self.samples.push(sample);
        }
    }

    fn sample(
        &mut self,
        contract: &Contract,
        cover: &Cover,
        grew: bool,
        can_act: bool,
        moment: &Moment,
    ) {
        let short = u64::try_from(cover.held - cover.certain).unwrap_or_default();
        let known = self.open.get(contract).and_then(|exposed| exposed.sample);
        let fresh = Unprotected {
            contract: *contract,
            contracts: 0,
            from: moment.now,
            millis: 0,
            in_outage: false,
        };
        if short > 0 {
            let mut sample = known.unwrap_or(fresh);
            sample.contracts = sample.contracts.max(short);
            sample.in_outage |= !can_act;
            let exposed = self.open.entry(*contract).or_insert(Exposed {
                sample: None,
                bare_since: None,
                idle_since: None,
            });
            exposed.sample = Some(sample);
        } else if known.is_some() {
            self.end(*contract, moment);
        } else if grew {
            self.samples.push(fresh);
        }
    }
}

/// I20: what is held is covered by stops, or is being closed, within the time allowed.
fn i20_protected(
    found: &mut Found,
    limits: &AuditLimits,
    moment: &Moment,
    (contract, cover): (&Contract, &Cover),
    exposed: &mut Exposed,
    can_act: bool,
) {
    found.judge(20);
    if cover.possible >= cover.held || cover.is_moving || !can_act {
        exposed.bare_since = None;
        return;
    }
    let since = *exposed.bare_since.get_or_insert(moment.now);
    if millis(since, moment.now) > limits.unprotected_max_ms {
        let (held, covered, most) = (cover.held, cover.possible, limits.unprotected_max_ms);
        let key = since.0.cast_unsigned();
        found.once(
            20,
            key,
            format!(
                "{held} of {contract} are held and {covered} protected since {since}; \
                 expected a stop or an exit within {most} ms"
            ),
        );
    }
}

/// I31: on its last day a contract is flat or being closed before the broker closes it; after that
/// day nothing of it is left.
fn i31_expiring(
    found: &mut Found,
    limits: &AuditLimits,
    moment: &Moment,
    (contract, cover): (&Contract, &Cover),
    exposed: &mut Exposed,
    can_act: bool,
) {
    found.judge(31);
    let expiry = contract.terms.expiry.yyyymmdd();
    let window = limits.expiring_flat_before_close_ms;
    let is_due =
        expiry < moment.date || expiry == moment.date && moment.left_ms() <= window && window > 0;
    let is_closing = cover.closing >= cover.held || cover.is_moving;
    // Nothing can be sold into a halt.
    let halts = limits.evidence.halts.get(&contract.underlying);
    let is_halted = halts
        .into_iter()
        .flatten()
        .any(|(from, until)| *from <= moment.now && until.is_none_or(|until| moment.now <= until));
    if !is_due || is_closing || is_halted || !can_act {
        exposed.idle_since = None;
        return;
    }
    let since = *exposed.idle_since.get_or_insert(moment.now);
    if millis(since, moment.now) > limits.unprotected_max_ms {
        let (held, left) = (cover.held, moment.left_ms());
        found.once(
            31,
            since.0.cast_unsigned(),
            format!(
                "{held} of {contract}, which expires on {expiry}, are held {left} ms \
                 before the close; expected it flat or being closed"
            ),
        );
    }
}

/// I21: the stop of what is held only rises: a stop that is placed, and one that is changed.
pub(crate) fn i21_stop_rises(found: &mut Found, model: &Model, intent: &OrderIntent) {
    found.judge(21);
    let order = &intent.order;
    // The stop of a bracket belongs to what its entry will buy.
    if order.role != Role::Stop || order.parent.is_some() {
        return;
    }
    let instrument = Instrument::Option(order.contract);
    let held = model
        .money
        .positions()
        .find(|(held, _)| **held == instrument);
    let before = held
        .filter(|(_, held)| held.quantity > 0)
        .and_then(|(_, held)| held.stop);
    stop_rises(found, order.id, &order.contract, before, order.kind);
}

/// See [`i21_stop_rises`].
pub(crate) fn i21_change_rises(found: &mut Found, model: &Model, id: OrderId, to: OrderKind) {
    found.judge(21);
    let Some(order) = model
        .orders
        .get(&id)
        .filter(|o| o.terms().role == Role::Stop)
    else {
        return;
    };
    let contract = order.terms().contract;
    if model.held(&Instrument::Option(contract)) > 0 {
        stop_rises(found, id, &contract, order.trigger(), to);
    }
}

/// See [`i21_stop_rises`]: the stop that the engine believes in force.
pub(crate) fn i21_terms_rise(
    found: &mut Found,
    model: &Model,
    instrument: &Instrument,
    stop: Price,
) {
    let known = model
        .money
        .positions()
        .find(|(held, _)| *held == instrument)
        .filter(|(_, held)| held.quantity > 0)
        .and_then(|(_, held)| held.stop);
    if let Some(before) = known.filter(|before| stop.is_some() && stop < *before) {
        found.add(
            21,
            format!(
                "the stop of {instrument} is {stop} and was {before}; expected it to rise only"
            ),
        );
    }
}

fn stop_rises(
    found: &mut Found,
    id: OrderId,
    contract: &Contract,
    before: Option<Price>,
    to: OrderKind,
) {
    if let (Some(before), Some(stop)) = (before, trigger(to))
        && stop < before
    {
        found.add(
            21,
            format!(
                "order {id} lowers the stop of {contract} from {before} to \
             {stop}; expected it to rise only"
            ),
        );
    }
}

fn cover(model: &Model, contract: &Contract, held: i128) -> Cover {
    let mut cover = Cover {
        held,
        certain: 0,
        possible: 0,
        closing: 0,
        is_moving: false,
    };
    for order in model.closers(contract) {
        let left = order.unfilled();
        let is_cancelled = order.cancel_pending();
        cover.is_moving |= is_cancelled;
        match order.terms().role {
            Role::Stop => {
                cover.possible += left;
                if order.status == OrderStatus::Working && !is_cancelled {
                    cover.certain += left;
                }
            }
            Role::Exit => {
                cover.possible += left;
                cover.certain += left;
                cover.closing += left;
            }
            Role::Entry | Role::Target => {}
        }
    }
    let others = model.sold_by_others(contract);
    cover.possible += others;
    cover.certain += others;
    cover.closing += others;
    cover
}
