//! The signals of the tick on their way from phase to phase, and what became of them.

use super::Score;
use bevy_ecs::prelude::Resource;
use components::contract::OptionTerms;
use components::market::SymbolId;
use components::signal::{Confidence, Direction, Intent, Signal, SignalId, StrategyName};
use components::units::Timestamp;
use engine::clock::Tick;
use std::collections::BTreeMap;

/// The signals of the tick on their way, and what became of them.
#[derive(Resource, Debug, Default)]
pub struct Signals {
    /// What strategies and exits want.
    pub candidates: Vec<Signal>,
    /// What Dedupe let through.
    pub survivors: Vec<Signal>,
    /// What Risk let through, for those who watch.
    pub approved: Vec<Signal>,
    /// Evaluations of an underlying by a strategy inside its window.
    pub scored: u64,
    /// Signals that passed Dedupe and Risk.
    pub emitted: u64,
    /// Signals that did not, by reason.
    pub blocked: BTreeMap<&'static str, u64>,
    place: u32,
    words: BTreeMap<(SymbolId, StrategyName), LastWord>,
}

/// The last thing that a strategy wanted of an underlying. Nothing decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastWord {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub intent: Intent,
    /// Where it expects the underlying to go.
    pub direction: Direction,
    /// How sure it was.
    pub confidence: Confidence,
    /// The contract, if one was chosen.
    pub terms: Option<OptionTerms>,
    /// `approved`, or what stopped it.
    pub fate: &'static str,
}

impl Signals {
    /// Empties the lists of the tick before.
    pub(super) fn clear(&mut self) {
        self.candidates.clear();
        self.survivors.clear();
        self.approved.clear();
        self.place = 0;
    }

    /// Adds a candidate with the next number of the tick.
    pub fn propose(&mut self, tick: &Tick, mut signal: Signal) {
        signal.id = SignalId {
            tick: tick.number,
            place: self.place,
        };
        self.place += 1;
        self.candidates.push(signal);
    }

    /// Counts a signal that was stopped.
    pub fn block(&mut self, reason: &'static str) {
        *self.blocked.entry(reason).or_default() += 1;
    }

    /// Notes that a thought did not become a candidate.
    pub(super) fn drop_thought(
        &mut self,
        (symbol, strategy): (SymbolId, StrategyName),
        score: &Score,
        at: Timestamp,
        fate: &'static str,
    ) {
        let word = LastWord {
            at,
            intent: Intent::Open,
            direction: score.direction,
            confidence: score.confidence,
            terms: None,
            fate,
        };
        self.words.insert((symbol, strategy), word);
    }

    /// Counts a candidate that was stopped, and notes by what.
    pub fn refuse(&mut self, signal: &Signal, reason: &'static str) {
        self.block(reason);
        self.note(signal, reason);
    }

    /// Adds a candidate that became orders.
    pub fn approve(&mut self, signal: &Signal) {
        self.emitted += 1;
        self.approved.push(signal.clone());
        self.note(signal, "approved");
    }

    fn note(&mut self, signal: &Signal, fate: &'static str) {
        let word = LastWord {
            at: signal.at,
            intent: signal.intent,
            direction: signal.direction,
            confidence: signal.confidence,
            terms: Some(signal.terms),
            fate,
        };
        self.words.insert((signal.symbol, signal.strategy), word);
    }

    /// The last thing that each strategy wanted of `symbol`, by name.
    pub fn last_words(&self, symbol: SymbolId) -> impl Iterator<Item = (StrategyName, &LastWord)> {
        let of_symbol = self.words.iter().filter(move |((of, _), _)| *of == symbol);
        of_symbol.map(|((_, strategy), word)| (*strategy, word))
    }

    /// How many were stopped.
    #[must_use]
    pub fn blocked_total(&self) -> u64 {
        self.blocked.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::ContractId;
    use components::market::Side;
    use components::units::Price;

    #[test]
    fn the_last_word_of_each_strategy_is_kept_by_underlying() {
        let signal = |strategy: &str, points| Signal {
            id: SignalId { tick: 1, place: 0 },
            strategy: StrategyName::new(strategy),
            symbol: SymbolId(3),
            contract: ContractId(0),
            terms: OptionTerms::from_osi("SPY   260302C00500000").unwrap(),
            intent: Intent::Open,
            direction: Direction::Up,
            side: Side::Buy,
            quantity: 1,
            limit: Price(1),
            confidence: Confidence::from_points(points),
            features: Vec::new(),
            at: Timestamp(7),
        };
        let mut signals = Signals::default();
        signals.approve(&signal("swing", 70.0));
        signals.refuse(&signal("swing", 71.0), "duplicate");
        signals.approve(&signal("one_dte", 80.0));
        let score = Score {
            direction: Direction::Down,
            confidence: Confidence::from_points(12.0),
            features: Vec::new(),
        };
        let who = (SymbolId(3), StrategyName::new("zero_dte"));
        signals.drop_thought(who, &score, Timestamp(9), "below_confidence_min");
        signals.clear();
        let words: Vec<_> = signals
            .last_words(SymbolId(3))
            .map(|(strategy, word)| {
                let strategy = strategy.to_string();
                (
                    strategy,
                    word.confidence.points(),
                    word.fate,
                    word.terms.is_some(),
                )
            })
            .collect();
        assert_eq!(
            words,
            [
                ("one_dte".to_owned(), 80, "approved", true),
                ("swing".to_owned(), 71, "duplicate", true),
                ("zero_dte".to_owned(), 12, "below_confidence_min", false),
            ]
        );
        assert_eq!(signals.last_words(SymbolId(2)).count(), 0);
        assert_eq!((signals.emitted, signals.blocked_total()), (2, 1));
    }
}
