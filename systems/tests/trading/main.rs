//! The road of an order through the engine, on a scripted market and a broker of paper.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

#[expect(dead_code, reason = "other tests look at analytics")]
#[path = "../support/mod.rs"]
mod support;

mod breakers;
mod commands;
mod commit;
mod contract_risk;
mod desk;
mod dispatch;
mod granting;
mod link;
mod market;
mod overload;
mod paper;
#[cfg(feature = "planted_bugs")]
mod planted;
mod positions;
mod prices;
mod reported_risk;
mod risk;
mod waiting;
