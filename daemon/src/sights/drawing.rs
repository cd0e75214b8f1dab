//! A running engine's levels as a picture.

use crate::picture::{Bar, Picture};
use wire::sight::Sight;

/// What of `sight` is drawn.
pub(super) fn picture_of(sight: &Sight, at_ms: i64) -> Picture {
    let number = |name: &str| sight.fact(name).and_then(wire::sight::Fact::number);
    let count = |name: &str| number(name).map_or("?".to_owned(), |count| format!("{count:.0}"));
    let zero = number("zero_gamma_usd");
    Picture {
        symbol: sight.symbol.as_str().to_owned(),
        subtitle: format!(
            "{} \u{b7} {} of {} contracts \u{b7} model Greeks",
            local(at_ms),
            count("included"),
            count("contracts")
        ),
        spot: number("spot_usd").unwrap_or_default(),
        net: number("net_gex_usd_per_pct"),
        call_wall: number("call_wall_usd"),
        put_wall: number("put_wall_usd"),
        max_abs_gamma_strike: number("max_abs_gamma_strike_usd"),
        zero_gamma: zero,
        // The engine says how many there are, and where the nearest is.
        roots: zero.into_iter().collect(),
        bars: sight
            .by_strike
            .iter()
            .map(|at| Bar {
                strike: at.strike,
                call: at.call,
                put: at.put,
            })
            .collect(),
        profile: sight.profile.iter().map(|at| (at.spot, at.net)).collect(),
        profile_reason: "the chain was not re-priced over hypothetical spots yet".to_owned(),
        source: "Source: the running engine's own Greeks.".to_owned(),
    }
}

/// Milliseconds since 1970 as a time in New York.
pub(super) fn local(at_ms: i64) -> String {
    let zoned = jiff::Timestamp::from_millisecond(at_ms)
        .and_then(|instant| instant.in_tz("America/New_York"));
    zoned.map_or_else(
        |_| "time unknown".to_owned(),
        |zoned| zoned.strftime("%Y-%m-%d %H:%M:%S New York").to_string(),
    )
}
