//! The levels of a chain as a picture.

use super::report::Report;
use crate::output::counted;
use crate::picture::{Bar, Picture};

/// What of `report` is drawn.
pub(super) fn picture_of(report: &Report) -> Picture {
    let reason = |name: &str| report.reasons.get(name).cloned().unwrap_or_default();
    let convention = &report.convention;
    let when = report.as_of.as_deref().map_or_else(
        || "time unknown".to_owned(),
        |as_of| {
            // To the minute: `2023-09-14T16:16:00-04:00`.
            let minute: String = as_of.chars().take(16).collect();
            format!("{} New York", minute.replace('T', " "))
        },
    );
    let subtitle = format!(
        "{when} \u{b7} {} of {} \u{b7} {} Greeks \u{b7} open interest from {}",
        report.included,
        counted(report.contracts as u64, "contract"),
        convention.greeks,
        convention.min_oi
    );
    Picture {
        symbol: report.symbol.clone(),
        subtitle,
        spot: report.spot,
        net: report.net_gex_usd_per_pct,
        call_wall: report.call_wall,
        put_wall: report.put_wall,
        max_abs_gamma_strike: report.max_abs_gamma_strike,
        zero_gamma: report.zero_gamma,
        roots: report.zero_gamma_roots.clone(),
        bars: report
            .by_strike
            .iter()
            .map(|at| Bar {
                strike: at.strike,
                call: at.call,
                put: at.put,
            })
            .collect(),
        profile: report.profile.iter().map(|at| (at.spot, at.net)).collect(),
        profile_reason: reason("zero_gamma"),
        source: "Source: Cboe quotedata chain, quotes delayed by 15 minutes.".to_owned(),
    }
}
