//! The simulated exchange as `simulate` uses it: a gateway without faults and one client.

use crate::config::ExchangeConfig;
use crate::error::Error;
use crate::gateway::{Gateway, GatewayBroker, GatewayConfig, GatewayFeed, SettlementOf};
use components::contract::Expiry;
use components::units::Timestamp;
use engine::calendar::Session;
use std::collections::BTreeMap;

/// Makes the two halves of an exchange; `settlement` says when contracts expire.
///
/// # Errors
/// When a field of `config` lies outside what is allowed.
pub fn exchange(
    config: &ExchangeConfig,
    seed: u64,
    settlement: SettlementOf,
) -> Result<(GatewayBroker, GatewayFeed), Error> {
    let gateway = Gateway::new(config, GatewayConfig::default(), seed, settlement)?;
    Ok(gateway.connect())
}

/// Contracts that are settled at the close of the session on their expiry date.
#[must_use]
pub fn settled_at_close(sessions: &[Session]) -> SettlementOf {
    let closes: BTreeMap<Expiry, Timestamp> = sessions
        .iter()
        .map(|session| (Expiry::on(session.date), session.close))
        .collect();
    Box::new(move |terms| closes.get(&terms.expiry).copied())
}
