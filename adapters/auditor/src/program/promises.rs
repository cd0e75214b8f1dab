//! What the engine had promised: the limits of the config that the journal carries.
//!
//! The config is read as plain JSON, by names, so that nothing of the engine's own reading of it is
//! trusted. A value that is missing is taken for the project's promise.

use auditor::AuditLimits;
use components::signal::StrategyName;
use components::units::{CASH_UNITS_PER_DOLLAR, Cash, Price};
use serde_json::Value;

/// Milliseconds of a full session.
const SESSION_MS: i64 = 23_400_000;
/// A position is closed by the tick that sees its time come, and the one after.
const TICKS_MS: i64 = 500;

/// The limits of a recorded config.
///
/// # Errors
/// When the text is no JSON object.
pub(crate) fn of(config_text: &str) -> Result<AuditLimits, String> {
    if config_text.is_empty() {
        return Ok(AuditLimits::default());
    }
    let config: Value = serde_json::from_str(config_text)
        .map_err(|error| format!("its config is no JSON document: {error}"))?;
    let at = Config(&config);
    let known = AuditLimits::default();
    let mut limits = AuditLimits {
        positions_max: at.count("/limits/positions_max", known.positions_max),
        positions_per_symbol_max: at.count(
            "/limits/positions_per_symbol_max",
            known.positions_per_symbol_max,
        ),
        working_orders_max: at.count("/limits/working_orders_max", known.working_orders_max),
        order_contracts_max: at.count("/limits/order_contracts_max", known.order_contracts_max),
        order_notional_max: at.cash("/limits/order_notional_max_usd", known.order_notional_max),
        premium_share_max_ppm: at.ppm("/limits/premium_share_max", known.premium_share_max_ppm),
        day_loss_max: at.cash("/limits/day_loss_max_usd", known.day_loss_max),
        day_loss_share_max_ppm: at.ppm("/limits/day_loss_share_max", known.day_loss_share_max_ppm),
        losing_trades_max: at.count("/breakers/losing_trades_max", known.losing_trades_max),
        rejections_max: at.size("/breakers/rejections_max", known.rejections_max),
        rejections_window_ms: at
            .millis("/breakers/rejections_window_s", known.rejections_window_ms),
        short_options: at.flag("/limits/short_options", known.short_options),
        last_entry_before_close_ms: at.millis(
            "/risk/last_entry_before_close_s",
            known.last_entry_before_close_ms,
        ),
        expiring_flat_before_close_ms: at.flat_before_close_ms(),
        collar_ppm: at.ppm("/collar/collar_share", known.collar_ppm),
        orders_per_s: at.size("/gate/orders_per_s", known.orders_per_s),
        messages_per_s: at.size("/gate/messages_per_s", known.messages_per_s),
        orders_per_min_max: at.size("/gate/orders_per_min_max", known.orders_per_min_max),
        orders_per_day_max: at.size("/gate/orders_per_day_max", known.orders_per_day_max),
        notional_per_min_max: at.cash("/gate/notional_per_min_max_usd", known.notional_per_min_max),
        notional_per_day_max: at.cash("/gate/notional_per_day_max_usd", known.notional_per_day_max),
        tick_below_3: at.price("/exchange/tick_below_3_usd", known.tick_below_3),
        tick_from_3: at.price("/exchange/tick_from_3_usd", known.tick_from_3),
        // A quote that does not change does not age; what a silent feed allows only its adapter knows.
        quote_age_max_ms: i64::MAX,
        ..known
    };
    if at.list("/collar/cent_symbols").next().is_some() {
        limits.tick_from_3 = limits.tick_below_3;
    }
    for (strategy, signals) in at.map("/signals") {
        let window = Config(signals);
        let ends = [
            window.before_close_ms("/common/window/from"),
            window.before_close_ms("/common/window/until"),
        ];
        if let [Some(from), Some(until)] = ends {
            let name = StrategyName::new(strategy);
            limits.windows.insert(name, vec![(from, until)]);
        }
    }
    Ok(limits)
}

/// A config, asked by the paths of its values.
#[derive(Clone, Copy)]
struct Config<'a>(&'a Value);

impl<'a> Config<'a> {
    fn number(self, path: &str) -> Option<f64> {
        self.0.pointer(path)?.as_f64()
    }

    fn count(self, path: &str, otherwise: u32) -> u32 {
        let found = self.0.pointer(path).and_then(Value::as_u64);
        found
            .and_then(|n| u32::try_from(n).ok())
            .unwrap_or(otherwise)
    }

    fn size(self, path: &str, otherwise: usize) -> usize {
        let found = self.0.pointer(path).and_then(Value::as_u64);
        found
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(otherwise)
    }

    fn flag(self, path: &str, otherwise: bool) -> bool {
        let found = self.0.pointer(path).and_then(Value::as_bool);
        found.unwrap_or(otherwise)
    }

    fn cash(self, path: &str, otherwise: Cash) -> Cash {
        let found = self.number(path).and_then(Cash::from_dollars);
        found.unwrap_or(otherwise)
    }

    fn price(self, path: &str, otherwise: Price) -> Price {
        let found = self.number(path).and_then(Price::from_dollars);
        found.unwrap_or(otherwise)
    }

    /// A share in millionths.
    fn ppm(self, path: &str, otherwise: i64) -> i64 {
        let millionths = self.number(path).map(|share| share * 1e6);
        millionths.and_then(whole).unwrap_or(otherwise)
    }

    /// Seconds in milliseconds.
    fn millis(self, path: &str, otherwise: i64) -> i64 {
        let millis = self.number(path).map(|seconds| seconds * 1e3);
        millis.and_then(whole).unwrap_or(otherwise)
    }

    fn list(self, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let found = self.0.pointer(path).and_then(Value::as_array);
        found.into_iter().flatten()
    }

    fn map(self, path: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        let found = self.0.pointer(path).and_then(Value::as_object);
        found.into_iter().flatten()
    }

    /// The end of a window in milliseconds before the close of a full session. On a half day a time
    /// after the open lies later than this says: never stricter for where a window begins.
    fn before_close_ms(self, path: &str) -> Option<i64> {
        let before = self.number(&format!("{path}/before_close_min"));
        let after = self.number(&format!("{path}/after_open_min"));
        let minutes = |minutes: f64| whole(minutes * 60_000.0);
        match (before, after) {
            (Some(before), _) => minutes(before),
            (None, Some(after)) => Some(SESSION_MS - minutes(after)?),
            (None, None) => None,
        }
    }

    /// The last moment at which any strategy sells what expires, before the close.
    fn flat_before_close_ms(self) -> i64 {
        let of_strategies = self
            .map("/exits/strategies")
            .filter_map(|(_, own)| own.get("before_close_s")?.as_f64());
        let all = of_strategies.chain(self.number("/exits/before_close_s"));
        let least = all.filter_map(|seconds| whole(seconds * 1e3)).min();
        (least.unwrap_or(0) - TICKS_MS).max(0)
    }
}

/// The whole number next to `number`; `None` if there is none.
fn whole(number: f64) -> Option<i64> {
    let most = i64::MAX / CASH_UNITS_PER_DOLLAR;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is checked to be small enough"
    )]
    (number.abs() < most as f64).then(|| (number + 0.5).floor() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_promises_are_those_of_the_config() {
        let text = r#"{
            "limits": {"positions_max": 3, "day_loss_max_usd": 1500.5, "premium_share_max": 0.25},
            "exits": {"before_close_s": 900, "strategies": {"late": {"before_close_s": 300}}},
            "signals": {"early": {"common": {"window": {
                "from": {"after_open_min": 15}, "until": {"before_close_min": 60}}}}}
        }"#;
        let limits = of(text).unwrap();
        assert_eq!(limits.positions_max, 3);
        assert_eq!(limits.day_loss_max, Cash(15_005_000));
        assert_eq!(limits.premium_share_max_ppm, 250_000);
        assert_eq!(limits.expiring_flat_before_close_ms, 299_500);
        let window = &limits.windows[&StrategyName::new("early")];
        assert_eq!(window, &[(SESSION_MS - 900_000, 3_600_000)]);
        assert_eq!(limits.orders_per_s, AuditLimits::default().orders_per_s);
        assert!(of("no config").unwrap_err().contains("no JSON"));
    }
}
