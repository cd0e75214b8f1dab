//! Our side: what the journal comes to when it is folded into the ledger.

use super::{Account, Settled, Trade};
use crate::recovery::initial_ledger;
use components::contract::Instrument;
use components::order::OrderId;
use components::signal::StrategyName;
use components::units::{Cash, Timestamp};
use engine::event::EventKind;
use engine::frame::Frame;
use engine::record::Record;
use journal::{Error, JournalReader};
use std::collections::{BTreeMap, BTreeSet};
use systems::ledger::{Change, Ledger};
use systems::mirror::convert::name_of;

/// What a journal says.
#[derive(Clone, Debug, Default)]
pub(super) struct Ours {
    pub(super) account: Account,
    /// The strategy of each order.
    pub(super) strategies: BTreeMap<OrderId, StrategyName>,
    /// The sessions that there were.
    pub(super) days: BTreeSet<u32>,
    /// The last instant that the journal knows.
    pub(super) until: Timestamp,
}

/// Reads a journal to its end.
///
/// # Errors
/// When it is damaged.
pub(super) fn read(reader: &mut JournalReader) -> Result<Ours, Error> {
    let mut ledger = initial_ledger(reader.header());
    let mut ours = Ours::default();
    while let Some(frame) = reader.next_frame()? {
        ours.days.insert(frame.session.0);
        ours.until = frame.now;
        ours.enter(&mut ledger, &frame);
    }
    for (instrument, position) in ledger.positions() {
        let held = ours.account.positions.entry(name_of(instrument));
        *held.or_default() += position.quantity;
    }
    Ok(ours)
}

impl Ours {
    fn enter(&mut self, ledger: &mut Ledger, frame: &Frame) {
        for record in &frame.records {
            if let Record::Intended(intent) = record {
                self.strategies.insert(intent.order.id, intent.strategy);
            }
            let changes = match record {
                Record::Heard { report } => {
                    let event = usize::try_from(*report).ok();
                    let event = event.and_then(|place| frame.reports.get(place));
                    match event.map(|event| &event.kind) {
                        Some(EventKind::Reported(report)) => ledger.apply_report(frame.now, report),
                        _ => Vec::new(),
                    }
                }
                Record::Settled {
                    instrument,
                    quantity,
                    price,
                    ..
                } => {
                    let worth = Cash::of(*price, *quantity, instrument.multiplier());
                    self.account.settlements.push(Settled {
                        day: frame.session.0,
                        instrument: name_of(instrument),
                        quantity: *quantity,
                        worth: worth.unwrap_or_default(),
                    });
                    ledger.apply(frame.now, record)
                }
                _ => ledger.apply(frame.now, record),
            };
            for change in &changes {
                self.note(frame.session.0, change, ledger);
            }
        }
    }

    fn note(&mut self, day: u32, change: &Change, ledger: &Ledger) {
        match change {
            Change::Executed {
                execution,
                realized,
                ..
            } => {
                let instrument = name_of(&execution.instrument);
                // A correction belongs to the day of what it corrects.
                let known = self.account.executions.get(&execution.id.base);
                let day = known.map_or(day, |known| known.day);
                let fees = ledger.fees_of(execution.id).unwrap_or_default();
                self.realize(day, &execution.instrument, *realized);
                let trade = Trade {
                    day,
                    at: execution.at,
                    order: execution.order,
                    instrument,
                    multiplier: execution.instrument.multiplier(),
                    side: execution.side,
                    quantity: execution.quantity,
                    price: execution.price,
                    fees,
                };
                self.account.executions.insert(execution.id.base, trade);
            }
            Change::Charged { execution, .. } => {
                if let Some(trade) = self.account.executions.get_mut(&execution.base) {
                    trade.fees = ledger.fees_of(*execution).unwrap_or_default();
                }
            }
            Change::Settled {
                instrument,
                realized,
                ..
            } => self.realize(day, instrument, *realized),
            _ => {}
        }
    }

    fn realize(&mut self, day: u32, instrument: &Instrument, realized: Cash) {
        let key = (day, name_of(instrument));
        let sum = self.account.realized.entry(key).or_default();
        sum.0 = sum.0.saturating_add(realized.0);
    }
}
