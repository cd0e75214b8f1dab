//! What became of positions and of the stops that protected them since the tick before.

use super::*;
use std::collections::BTreeSet;

/// Contracts of which the broker refused a stop in this tick: such a position cannot wait.
pub(super) fn refused_stops(inbox: &Inbox, books: &Books) -> BTreeSet<Contract> {
    let mut refused = BTreeSet::new();
    for event in inbox.reports() {
        let EventKind::Reported(Report::Rejected { order, .. }) = &event.kind else {
            continue;
        };
        let stop = books
            .ledger()
            .order(*order)
            .filter(|order| order.role() == Role::Stop && order.status() == OrderStatus::Rejected);
        refused.extend(stop.map(LedgerOrder::contract));
    }
    refused
}

/// Counts how positions ended.
pub(super) fn note_closings(seen: &Seen, managed: &mut Managed, statistics: &mut ExitStatistics) {
    use crate::ledger::ExitReason as Ledgers;
    for closing in &seen.closings {
        let Instrument::Option(contract) = closing.instrument else {
            continue;
        };
        let excursion = managed.excursions.remove(&contract);
        let Some(state) = closing.holding else {
            continue;
        };
        let stop = state.stop;
        let reason = match closing.reason {
            Ledgers::Order(why) => ExitReason::of(why, state.entry_price, stop),
            Ledgers::Settled(_) => ExitReason::Expired,
            Ledgers::Foreign | Ledgers::Adjusted => ExitReason::External,
        };
        let excursion = excursion.unwrap_or_else(|| Excursion::from_entry(state.entry_price));
        statistics.record(&ClosedPosition {
            strategy: state.strategy,
            reason,
            opened_at: state.opened_at,
            closed_at: closing.at,
            quantity: state.largest,
            multiplier: contract.terms.multiplier,
            entry: state.entry_price,
            stop,
            excursion,
            profit: components::units::Cash(closing.profit.0.saturating_sub(closing.fees.0)),
            fees: closing.fees,
        });
    }
}
