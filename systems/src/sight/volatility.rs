//! Volatility that was and that is expected, and what it and the market are called.

use super::{Facts, Seen, was_computed};
use crate::macro_overlay::MacroOverlay;
use crate::macro_overlay::regime::{Lean, PARTS};
use components::quality::Quality;
use components::volatility::{
    ImpliedVolatility, MarketRegime, MarketState, RealizedVolatility, VolatilityLevel,
    VolatilityRegime,
};

const PER_YEAR: &str = "per year";

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    if let Some(did) = seen.get::<RealizedVolatility>() {
        facts.begin("volatility", "spot of the last bars", did.stamp);
        facts.otherwise("too few bars or moves");
        facts.number("realized_5s", PER_YEAR, did.five_seconds);
        facts.number("realized_1m", PER_YEAR, did.one_minute);
        facts.number("realized_5m", PER_YEAR, did.five_minutes);
        facts.number("bipower_1m", PER_YEAR, did.bipower);
        facts.number("parkinson_1m", PER_YEAR, did.parkinson);
        facts.number("jump_share", "0 to 1", did.jump_share);
        facts.number("variance_ratio", "", did.variance_ratio);
        facts.number("variance_ratio_z", "standard errors", did.variance_ratio_z);
    }
    if let Some(expected) = seen.get::<ImpliedVolatility>() {
        facts.begin("volatility", "strips of options", expected.stamp);
        facts.otherwise("no expiry near enough has quotes for it");
        facts.number("expected_1d", PER_YEAR, expected.one_day);
        facts.number("expected_30d", PER_YEAR, expected.thirty_days);
        // One standard deviation over a day of 365.
        let day = expected.one_day.zip(seen.spot());
        let moves = day.map(|(volatility, spot)| spot * volatility * (1.0_f64 / 365.0).sqrt());
        facts.number("expected_move_1d_usd", "USD", moves);
        let first = expected.by_expiry.first();
        let first = |value: fn(&components::volatility::ExpiryVolatility) -> Option<f64>| {
            first.and_then(value)
        };
        let middle = first(|one| one.at_the_money);
        facts.number("first_at_the_money", PER_YEAR, middle);
        facts.number("first_skew", PER_YEAR, first(|one| one.skew));
        facts.number("first_butterfly", PER_YEAR, first(|one| one.butterfly));
    }
    if let Some(regime) = seen.get::<VolatilityRegime>() {
        let source = "one-day volatility against this time of the day";
        facts.begin("regime", source, regime.stamp);
        facts.word("volatility_level", regime.level.map(VolatilityLevel::name));
        facts.number("volatility_index", PER_YEAR, regime.index);
        facts.number("volatility_ratio", "of what is usual", regime.ratio);
        facts.because("no earlier session says what is usual");
    }
    if let Some(market) = seen.get::<MarketRegime>() {
        facts.begin("regime", "returns, volatility and gamma", market.stamp);
        facts.word("market_state", market.state.map(MarketState::name));
        facts.number("turbulence", "0 to 1", market.turbulence);
        facts.because("too few minutes to fit it to");
    }
    if let Some(overlay) = seen.world.get_resource::<MacroOverlay>() {
        rates(overlay, facts);
    }
}

/// The score of the session, the same for all underlyings.
fn rates(overlay: &MacroOverlay, facts: &mut Facts) {
    let found = &overlay.regime;
    let why = match overlay.stamp.quality {
        Quality::NoData => "the config has no macro series",
        _ => "its series are too old or lack",
    };
    facts.begin(
        "macro",
        "series published before this session",
        overlay.stamp,
    );
    let mut tell = |name: &str, value: Option<f64>| {
        facts.number(name, "-1 to 1", value);
        if was_computed(&overlay.stamp) {
            facts.whatever(why);
        }
    };
    tell("macro_score", found.score);
    for (part, value) in PARTS.into_iter().zip(&found.parts) {
        tell(&format!("macro_{part}"), value.value);
    }
    facts.word("macro_lean", found.lean.map(Lean::name));
    if was_computed(&overlay.stamp) {
        facts.whatever(why);
    }
}
