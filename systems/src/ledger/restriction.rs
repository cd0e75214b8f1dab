//! What is restricted until an operator lifts it, and which of the operator's commands were taken.

use crate::ledger::*;

impl Ledger {
    /// The strictest of all restrictions that are latched.
    #[must_use]
    pub fn restriction(&self) -> Restriction {
        self.latches.values().copied().max().unwrap_or_default()
    }

    /// Every restriction that is latched.
    pub fn latches(&self) -> impl Iterator<Item = (Cause, Restriction)> {
        self.latches.iter().map(|(cause, level)| (*cause, *level))
    }

    /// Why a strategy opens nothing, if it does not.
    #[must_use]
    pub fn paused(&self, strategy: StrategyName) -> Option<Cause> {
        self.paused.get(&strategy).copied()
    }

    /// Every strategy that opens nothing.
    pub fn paused_strategies(&self) -> impl Iterator<Item = (StrategyName, Cause)> {
        self.paused
            .iter()
            .map(|(strategy, cause)| (*strategy, *cause))
    }

    /// The last command of a source that was taken, 0 before the first.
    #[must_use]
    pub fn last_command(&self, source: CommandSource) -> u64 {
        self.commands.get(&source).copied().unwrap_or_default()
    }

    /// Applies a record that restricts, lifts or counts.
    pub(super) fn restrict(&mut self, record: &Record, changes: &mut Vec<Change>) {
        match record {
            Record::Latched { level, cause } => {
                let latched = self.latches.entry(*cause).or_default();
                *latched = (*latched).max(*level);
                let (level, cause) = (*level, *cause);
                changes.push(Change::Latched { level, cause });
            }
            Record::Cleared { .. } => {
                self.latches.clear();
                changes.push(Change::Cleared);
            }
            Record::StrategyPaused { strategy, cause } => {
                self.paused.insert(*strategy, *cause);
                let (strategy, cause) = (*strategy, *cause);
                changes.push(Change::Paused { strategy, cause });
            }
            Record::StrategyEnabled { strategy, .. } => {
                self.paused.remove(strategy);
                let strategy = *strategy;
                changes.push(Change::Enabled { strategy });
            }
            Record::HighWater { equity } => {
                self.account.high_water = self.account.high_water.max(*equity);
            }
            Record::PeakReset { equity } => self.account.high_water = *equity,
            Record::Breached {
                cause: Cause::DayLoss,
            } => self.account.day_loss_reached = true,
            Record::Breached {
                cause: Cause::LosingTrades,
            } => self.account.losing_trades_reached = true,
            Record::Commanded { source, number } => {
                let last = self.commands.entry(*source).or_default();
                *last = (*last).max(*number);
            }
            _ => {}
        }
    }
}
