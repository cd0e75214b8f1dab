//! Whether what comes in of the underlying is still as it was.

use super::{Facts, Seen, was_computed};
use components::drift::{DataDrift, Input};

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    let Some(drift) = seen.get::<DataDrift>() else {
        return;
    };
    facts.begin("data", "input against its own past", drift.stamp);
    for (input, watch) in Input::ALL.into_iter().zip(&drift.watches) {
        let (name, unit) = match input {
            Input::QuoteRate => ("quote_rate", "per second"),
            Input::Spread => ("quoted_spread", "basis points"),
            Input::TradeSize => ("trade_size", "shares"),
            Input::ReturnSize => ("return_size", "of the price"),
        };
        let why = match watch.value {
            Some(_) => "not enough history yet",
            None => "too little came in the last sample",
        };
        facts.number(name, unit, watch.value);
        facts.because(why);
        facts.number(&format!("{name}_usual"), unit, watch.usual);
        facts.because(why);
        facts.number(&format!("{name}_z"), "standard deviations", watch.z);
        facts.because(why);
        let age = watch.since.map(|since| seen.tick.now.seconds_since(since));
        facts.number(&format!("{name}_drifts_for"), "s", age);
        facts.because("it does not drift");
    }
    let alerts = was_computed(&drift.stamp).then_some(drift.alerts);
    facts.number("data_alerts", "alerts", alerts.map(f64::from));
}
