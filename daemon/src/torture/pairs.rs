//! Which fault can meet an order in which state, by where in the gateway the fault happens.
//!
//! | where | states that an order can have there |
//! |---|---|
//! | a new order arrives | arriving |
//! | a new order has been taken | working: legs that wait are part of the same message |
//! | any message arrives | of the order that it is about: any but rejected, or idle for a question |
//! | a cancellation ends an order | waiting, working or partial |
//! | a change arrives | working or partial: of a leg that waits the old one cannot fill |
//! | an execution is made | partial, also where it is the last one; cancelled where the exchange goes on after a cancellation |
//! | a leg is filled | filled: its sibling is what the fault is about |
//! | an acknowledgement leaves | waiting, working, partial, filled |
//! | a report leaves | what the order is by then; unknown where a change of it is refused; foreign for what is not ours |
//! | the line fails by the clock | every order that lives, or idle if none does |
//! | the broker ends an order by the clock | waiting, working or partial |
//! | others trade | foreign |
//! | a connection is made, a question is asked | idle |
//!
//! An order that lives twice after a change can be in two states at once; what such an order adds is
//! shown and not counted.

use serde::Serialize;
use simulator::{Basis, GatewayFault};
use std::collections::{BTreeMap, BTreeSet};

/// The states in which `kind` can meet an order.
#[must_use]
pub fn feasible(kind: GatewayFault) -> &'static [&'static str] {
    use GatewayFault::{
        BothLegs, Cancel202, DropAfterAck, DropBeforeAck, ForeignOrder, Liquidation, LostStatus,
        PartialThenSilence,
    };
    match (kind, kind.basis()) {
        (DropBeforeAck | DropAfterAck | PartialThenSilence, _) => &["working"],
        (ForeignOrder | Liquidation, _) => &["foreign"],
        (Cancel202, _) => &["waiting", "working", "partial"],
        (LostStatus, _) => &["cancelled"],
        (BothLegs, _) => &["filled"],
        (_, Basis::Submission | Basis::StopLeg) => &["arriving"],
        (_, Basis::Message) => &[
            "arriving",
            "waiting",
            "working",
            "partial",
            "filled",
            "cancelled",
            "unknown",
            "idle",
        ],
        (_, Basis::Cancellation) => &["waiting", "working", "partial"],
        (_, Basis::Modification) => &["working", "partial"],
        (_, Basis::Execution) => &["partial", "cancelled"],
        // Where an order is cancelled there is no one who waits for the rest of it.
        (_, Basis::Partial) => &["partial"],
        (_, Basis::LegFill) => &["filled"],
        (_, Basis::Acknowledgement) => &["waiting", "working", "partial", "filled"],
        (_, Basis::Report) => &[
            "waiting",
            "working",
            "partial",
            "filled",
            "cancelled",
            "rejected",
            "unknown",
            "foreign",
        ],
        (_, Basis::Hour) => &["waiting", "working", "partial", "cancelled", "idle"],
        (_, Basis::Connection | Basis::Query) => &["idle"],
    }
}

/// Pairs of fault and state that were met, held against those that can be.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Pairs {
    /// Pairs that can be met.
    pub feasible: usize,
    /// Of these so many were.
    pub reached: usize,
    /// Those that were not.
    pub missing: Vec<String>,
    /// Pairs that were met though they are not among those that can be: the rule is too narrow.
    pub beyond: Vec<String>,
}

impl Pairs {
    /// What was met, by counts.
    #[must_use]
    pub fn of(met: &BTreeMap<(&'static str, &'static str), u64>) -> Self {
        let all: BTreeSet<(&str, &str)> = GatewayFault::ALL
            .iter()
            .flat_map(|kind| feasible(*kind).iter().map(|state| (kind.name(), *state)))
            .collect();
        let name = |(fault, state): &(&str, &str)| format!("{fault} x {state}");
        let missing = all.iter().filter(|pair| !met.contains_key(*pair));
        let beyond = met.keys().filter(|pair| !all.contains(*pair));
        let missing: Vec<String> = missing.map(name).collect();
        Self {
            feasible: all.len(),
            reached: all.len() - missing.len(),
            missing,
            beyond: beyond.map(name).collect(),
        }
    }

    /// The share of those that can be met which were, percent.
    #[must_use]
    pub fn percent(&self) -> f64 {
        100.0 * self.reached as f64 / self.feasible.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_met_is_held_against_what_can_be() {
        let met = BTreeMap::from([
            (("both_legs", "filled"), 3),
            (("both_legs", "waiting"), 1),
            (("reject_201", "arriving"), 2),
        ]);
        let pairs = Pairs::of(&met);
        assert_eq!(pairs.reached, 2);
        assert_eq!(pairs.missing.len(), pairs.feasible - 2);
        assert_eq!(pairs.beyond, ["both_legs x waiting"]);
        assert!(pairs.missing.contains(&"delay x filled".to_owned()));
    }
}
