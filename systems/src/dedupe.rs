//! A signal that repeats one of the last quarter of an hour is dropped, unless it says something new.
//!
//! Two signals are the same if they name the same underlying, strategy, side and contract. A repeat
//! passes when its confidence has moved by `max(change_points_min, change_share_min x last)`. A
//! dropped repeat prolongs the cooldown. Exits are exempt: they only make risk smaller, and Scoring
//! proposes none while one is working.

use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::{Contract, OptionTerms};
use components::market::{Side, SymbolId};
use components::order;
use components::signal::{Confidence, Signal, StrategyName};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::{ConfigError, Section, within};
use engine::digest::Digest;
use engine::engine::Engine;
use engine::phase::Phase;
use engine::plugin::Plugin;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The `dedupe` section of the config.
#[derive(Resource, Clone, Debug, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct DedupeConfig {
    /// How long a signal stands against its repeats, seconds.
    #[garde(custom(within(1, 86_400)))]
    pub cooldown_s: i64,
    /// A change of confidence that always counts as new, points.
    #[garde(custom(within(1.0, 100.0)))]
    pub change_points_min: f64,
    /// A change of confidence that counts as new, as a share of the last.
    #[garde(custom(within(0.0, 1.0)))]
    pub change_share_min: f64,
}

impl Section for DedupeConfig {
    const NAME: &'static str = "dedupe";
}

/// What makes two signals the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fingerprint {
    symbol: SymbolId,
    strategy: StrategyName,
    side: Side,
    terms: OptionTerms,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    confidence: Confidence,
    until: Timestamp,
}

/// The signals of the last while.
#[derive(Resource, Debug, Default)]
pub struct Remembered(BTreeMap<Fingerprint, Seen>);

/// Adds deduplication.
#[derive(Debug)]
pub struct DedupePlugin;

impl Plugin for DedupePlugin {
    fn build(self, engine: &mut Engine) -> Result<(), ConfigError> {
        let config = engine.section::<DedupeConfig>()?;
        let world = engine.world_mut();
        world.insert_resource(config);
        world.init_resource::<Remembered>();
        engine.add(Phase::Dedupe, drop_repeats);
        Ok(())
    }
}

/// Drops candidates that repeat what was said before.
pub fn drop_repeats(
    tick: Res<Tick>,
    config: Res<DedupeConfig>,
    mut remembered: ResMut<Remembered>,
    mut signals: ResMut<Signals>,
    mut digest: ResMut<Digest>,
) {
    if tick.opens_session {
        remembered.0.retain(|_, seen| tick.now < seen.until);
    }
    for signal in std::mem::take(&mut signals.candidates) {
        if signal.intent.reduces_risk() || remembered.is_new(&signal, &tick, &config) {
            digest.fold(Phase::Dedupe, u64::from(signal.contract.0));
            signals.survivors.push(signal);
        } else {
            signals.refuse(&signal, "duplicate");
        }
    }
}

/// What makes two signals the same, for the ledger: 64 bits that outlive the run.
#[must_use]
pub fn fingerprint_of(signal: &Signal, contract: &Contract) -> order::Fingerprint {
    let text = format!(
        "{} {} {} {}",
        contract.underlying,
        signal.strategy,
        signal.side.name(),
        contract.terms.osi()
    );
    order::Fingerprint(engine::digest::hash(text.as_bytes()))
}

impl Remembered {
    fn is_new(&mut self, signal: &Signal, tick: &Tick, config: &DedupeConfig) -> bool {
        let fingerprint = Fingerprint {
            symbol: signal.symbol,
            strategy: signal.strategy,
            side: signal.side,
            terms: signal.terms,
        };
        let until = tick.now.plus_millis(config.cooldown_s * 1000);
        let confidence = signal.confidence;
        if let Some(seen) = self
            .0
            .get_mut(&fingerprint)
            .filter(|seen| tick.now < seen.until)
        {
            let last = f64::from(seen.confidence.points());
            let change = (f64::from(confidence.points()) - last).abs();
            seen.until = until;
            if change < config.change_points_min.max(config.change_share_min * last) {
                return false;
            }
        }
        self.0.insert(fingerprint, Seen { confidence, until });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::contract::ContractId;
    use components::signal::{Direction, Intent, SignalId};
    use components::units::Price;
    use engine::calendar::Session;
    use jiff::civil::date;

    fn tick(seconds: i64) -> Tick {
        let now = Timestamp(0).plus_millis(seconds * 1000);
        let session = Session {
            date: date(2026, 3, 2),
            open: now,
            close: now,
            early_close: false,
        };
        Tick {
            number: 1,
            now,
            session,
            opens_session: false,
            skipped: 0,
            jumped_ms: 0,
        }
    }

    fn signal(strike: &str, points: f64) -> Signal {
        Signal {
            id: SignalId { tick: 1, place: 0 },
            strategy: StrategyName::new("test"),
            symbol: SymbolId(0),
            contract: ContractId(0),
            terms: OptionTerms::from_osi(&format!("SPY   260302C00{strike}")).unwrap(),
            intent: Intent::Open,
            direction: Direction::Up,
            side: Side::Buy,
            quantity: 1,
            limit: Price(1),
            confidence: Confidence::from_points(points),
            features: Vec::new(),
            at: Timestamp(0),
        }
    }

    #[test]
    fn a_repeat_needs_news_or_silence() {
        let config = DedupeConfig {
            cooldown_s: 900,
            change_points_min: 3.0,
            change_share_min: 0.05,
        };
        let mut remembered = Remembered::default();
        let mut is_new = |signal: &Signal, at| remembered.is_new(signal, &tick(at), &config);
        assert!(is_new(&signal("500000", 80.0), 0));
        assert!(!is_new(&signal("500000", 83.0), 1), "5 % of 80 is 4 points");
        assert!(is_new(&signal("500000", 84.0), 2));
        assert!(
            is_new(&signal("501000", 80.0), 2),
            "another strike is another contract"
        );
        // Each dropped repeat prolongs the cooldown.
        assert!(!is_new(&signal("500000", 84.0), 800));
        assert!(!is_new(&signal("500000", 84.0), 1600));
        assert!(is_new(&signal("500000", 84.0), 2500));
    }
}
