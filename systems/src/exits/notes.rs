//! What became of positions and of the stops that protected them since the tick before.

use super::*;

/// Notes stops that the broker refused: such a position cannot wait.
pub(super) fn note_refused_stops(inbox: &Inbox, books: &Books, managed: &mut Managed) {
    for event in inbox.reports() {
        let EventKind::Reported(Report::Rejected { order, .. }) = &event.kind else {
            continue;
        };
        let stop = books
            .ledger()
            .order(*order)
            .filter(|order| order.role() == Role::Stop && order.status() == OrderStatus::Rejected);
        if let Some(watch) = stop.and_then(|stop| managed.positions.get_mut(&stop.contract())) {
            watch.stop_rejected = true;
        }
    }
}

/// Counts how positions ended.
pub(super) fn note_closings(seen: &Seen, managed: &mut Managed, statistics: &mut ExitStatistics) {
    use crate::ledger::ExitReason as Ledgers;
    for closing in &seen.closings {
        let Instrument::Option(contract) = closing.instrument else {
            continue;
        };
        let watch = managed.positions.remove(&contract);
        let Some(state) = closing.holding else {
            continue;
        };
        let stop = watch.map_or(state.stop, |watch| watch.state.stop);
        let reason = match closing.reason {
            Ledgers::Order(why) => ExitReason::of(why, state.entry_price, stop),
            Ledgers::Settled(_) => ExitReason::Expired,
            Ledgers::Foreign | Ledgers::Adjusted => ExitReason::External,
        };
        let excursion = watch.map_or_else(
            || Excursion::from_entry(state.entry_price),
            |watch| watch.excursion,
        );
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
            profit: closing.profit,
            fees: closing.fees,
        });
    }
}
