//! Flow, volatility, regimes and closing auctions as they leave.

use super::convert::{millis, validity};
use components::closing::{self, ClosingProjection};
use components::flow_clusters::{self, FlowClusters};
use components::hidden::HiddenLiquidity;
use components::market::Side;
use components::patterns::{self, Participants, TradePatterns};
use components::volatility::{
    self, ImpliedVolatility, MarketRegime, RealizedVolatility, VolatilityRegime,
};
use wire::closing::{Closing, ClosingSource};
use wire::flow::{Cluster, Clusters, Flow, FlowKind, FlowLabel, Hidden, Iceberg, SweepSide};
use wire::volatility::{MarketState, Regime, Volatility, VolatilityLevel};

/// What the trades of an underlying look like.
#[must_use]
pub fn flow(
    shapes: &TradePatterns,
    who: &Participants,
    hidden: &HiddenLiquidity,
    kinds: &FlowClusters,
) -> Flow {
    Flow {
        trades: shapes.trades,
        odd_ratio: shapes.odd_ratio,
        sweep_ratio: shapes.sweep_ratio,
        block_ratio: shapes.block_ratio,
        toxicity: shapes.toxicity,
        toxicity_is_complete: shapes.is_complete,
        label: shapes.label.map(flow_label),
        sweep: shapes.sweep.map(|sweep| side(sweep.side)),
        sweep_at_ms: shapes.sweep.and_then(|sweep| millis(sweep.began)),
        retail_share: who.retail_share,
        retail_imbalance: who.retail_imbalance,
        institutional_share: who.institutional_share,
        institutional_imbalance: who.institutional_imbalance,
        hidden: hidden_of(hidden),
        clusters: clusters(kinds),
        validity: validity(&shapes.stamp),
    }
}

/// What flow is called.
#[must_use]
pub fn flow_label(label: patterns::FlowLabel) -> FlowLabel {
    match label {
        patterns::FlowLabel::Benign => FlowLabel::Benign,
        patterns::FlowLabel::Neutral => FlowLabel::Neutral,
        patterns::FlowLabel::Toxic => FlowLabel::Toxic,
    }
}

/// What the closing auction of an underlying is expected to be short of.
#[must_use]
pub fn closing(found: &ClosingProjection) -> Closing {
    Closing {
        projected_shares: found.projected_shares,
        confidence: found.confidence,
        published_shares: found.published_shares,
        source: match found.source {
            closing::ClosingSource::None => ClosingSource::None,
            closing::ClosingSource::Published => ClosingSource::Published,
            closing::ClosingSource::Tape => ClosingSource::Tape,
        },
        validity: validity(&found.stamp),
    }
}

fn side(side: Side) -> SweepSide {
    match side {
        Side::Buy => SweepSide::Buy,
        Side::Sell => SweepSide::Sell,
    }
}

fn hidden_of(hidden: &HiddenLiquidity) -> Hidden {
    Hidden {
        trades: hidden.prints,
        exchange_shares: hidden.exchange_shares,
        inside_shares: hidden.inside_shares,
        beyond_shares: hidden.beyond_shares,
        refilled_shares: hidden.refilled_shares,
        ratio: hidden.ratio,
        imbalance: hidden.imbalance,
        icebergs: hidden.icebergs.map(|level| {
            level.map(|level| Iceberg {
                side: side(level.side),
                price_usd: level.price.dollars(),
                refills: level.refills,
                at_ms: millis(level.at),
            })
        }),
        validity: validity(&hidden.stamp),
    }
}

fn clusters(kinds: &FlowClusters) -> Clusters {
    let cluster = |place: usize| {
        kinds.clusters.map(|kinds| Cluster {
            share: kinds[place].share,
            trades: kinds[place].trades,
            size: kinds[place].size,
            alignment: kinds[place].alignment,
            pause_ms: kinds[place].pause_ms,
            one_sided: kinds[place].one_sided,
        })
    };
    Clusters {
        trades: kinds.trades,
        momentum: cluster(0),
        hedging: cluster(1),
        reversion: cluster(2),
        silhouette: kinds.silhouette,
        hedging_goes_with: kinds.hedging_goes_with.map(|kind| match kind {
            flow_clusters::FlowKind::Momentum => FlowKind::Momentum,
            flow_clusters::FlowKind::Hedging => FlowKind::Hedging,
            flow_clusters::FlowKind::Reversion => FlowKind::Reversion,
        }),
        validity: validity(&kinds.stamp),
    }
}

/// What an underlying did and what its options expect.
#[must_use]
pub fn volatility(did: &RealizedVolatility, expected: &ImpliedVolatility) -> Volatility {
    let first = expected.by_expiry.first();
    let within = expected.by_expiry.iter().map(|one| one.contradictions);
    Volatility {
        realized_5s: did.five_seconds,
        realized_1m: did.one_minute,
        realized_5m: did.five_minutes,
        bipower_1m: did.bipower,
        parkinson_1m: did.parkinson,
        jump_share: did.jump_share,
        variance_ratio: did.variance_ratio,
        variance_ratio_z: did.variance_ratio_z,
        expected_1d: expected.one_day,
        expected_30d: expected.thirty_days,
        first_at_the_money: first.and_then(|one| one.at_the_money),
        first_skew: first.and_then(|one| one.skew),
        first_butterfly: first.and_then(|one| one.butterfly),
        contradictions: within.fold(expected.calendar_contradictions, u32::saturating_add),
        validity: validity(&did.stamp),
        expected_at_ms: millis(expected.stamp.computed_at),
    }
}

/// What volatility and the market of an underlying are called.
#[must_use]
pub fn regime(level: &VolatilityRegime, market: &MarketRegime) -> Regime {
    Regime {
        level: level.level.map(|level| match level {
            volatility::VolatilityLevel::Low => VolatilityLevel::Low,
            volatility::VolatilityLevel::Normal => VolatilityLevel::Normal,
            volatility::VolatilityLevel::Elevated => VolatilityLevel::Elevated,
            volatility::VolatilityLevel::High => VolatilityLevel::High,
            volatility::VolatilityLevel::Shock => VolatilityLevel::Shock,
        }),
        level_since_ms: level.level.and_then(|_| millis(level.since)),
        index: level.index,
        ratio: level.ratio,
        state: market.state.map(|state| match state {
            volatility::MarketState::Shock => MarketState::Shock,
            volatility::MarketState::Pin => MarketState::Pin,
            volatility::MarketState::Trend => MarketState::Trend,
            volatility::MarketState::Reversion => MarketState::Reversion,
            volatility::MarketState::Expansion => MarketState::Expansion,
            volatility::MarketState::Quiet => MarketState::Quiet,
            volatility::MarketState::Neutral => MarketState::Neutral,
        }),
        state_since_ms: market.state.and_then(|_| millis(market.since)),
        turbulence: market.turbulence,
        macro_score: market.macro_score,
        transitions: level.transitions.saturating_add(market.transitions),
        validity: validity(&level.stamp),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use components::quality::{Quality, Stamp};
    use components::units::Timestamp;

    #[test]
    fn names_are_those_of_the_components() {
        use components::volatility::{MarketState as State, VolatilityLevel as Level};
        for found in Level::ALL {
            let level = VolatilityRegime {
                level: Some(found),
                ..VolatilityRegime::default()
            };
            let shown = regime(&level, &MarketRegime::default()).level;
            let name = serde_json::to_string(&shown).unwrap();
            assert_eq!(name.trim_matches('"'), found.name());
        }
        for found in State::ALL {
            let market = MarketRegime {
                state: Some(found),
                ..MarketRegime::default()
            };
            let shown = regime(&VolatilityRegime::default(), &market).state;
            let name = serde_json::to_string(&shown).unwrap();
            assert_eq!(name.trim_matches('"'), found.name());
        }
    }

    #[test]
    fn what_is_not_known_is_null_and_every_value_has_its_age() {
        let nothing = flow(
            &TradePatterns::default(),
            &Participants::default(),
            &HiddenLiquidity::default(),
            &FlowClusters::default(),
        );
        assert_eq!(
            (nothing.hidden.ratio, nothing.clusters.momentum),
            (None, None)
        );
        let text = serde_json::to_string(&nothing).unwrap();
        assert!(text.contains("\"toxicity\":null"), "{text}");
        assert!(text.contains("\"computed_at_ms\":null"), "{text}");
        let did = RealizedVolatility {
            one_minute: Some(0.2),
            stamp: Stamp::new(Timestamp(2_000_000), 1_000, Quality::Ok),
            ..RealizedVolatility::default()
        };
        let shown = volatility(&did, &ImpliedVolatility::default());
        assert_eq!(shown.validity.computed_at_ms, Some(2));
        assert_eq!(shown.validity.valid_until_ms, Some(1_002));
        assert_eq!((shown.realized_1m, shown.expected_1d), (Some(0.2), None));
        assert_eq!(shown.expected_at_ms, None);
    }
}
