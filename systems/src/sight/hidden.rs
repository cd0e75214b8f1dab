//! Hidden volume and icebergs, and the kinds of flow that trades fall into.

use super::{Facts, Seen, was_computed};
use components::flow_clusters::{FlowClusters, FlowKind};
use components::hidden::HiddenLiquidity;
use components::market::Side;
use components::quality::Quality;

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    if let Some(hidden) = seen.get::<HiddenLiquidity>() {
        estimate(hidden, facts);
    }
    if let Some(clusters) = seen.get::<FlowClusters>() {
        kinds(clusters, facts);
    }
}

fn estimate(hidden: &HiddenLiquidity, facts: &mut Facts) {
    let is_computed = was_computed(&hidden.stamp);
    let count = |count: u64| is_computed.then_some(count as f64);
    facts.begin("hidden", "executions of the last minute", hidden.stamp);
    facts.number("hidden_ratio", "0 to 1", hidden.ratio);
    if is_computed {
        facts.whatever("too few executions");
    }
    let few = if hidden.ratio.is_none() {
        "too few executions"
    } else {
        "no side hides"
    };
    facts.number("hidden_imbalance", "-1 to 1", hidden.imbalance);
    if is_computed {
        facts.whatever(few);
    }
    facts.word("hidden_side", hidden.side.map(Side::name));
    if is_computed {
        let even = "both sides hide alike";
        let is_even = hidden.imbalance.is_some();
        facts.whatever(if is_even { even } else { few });
    }
    let prints = count(hidden.prints.into());
    facts.number("exchange_executions", "trades", prints);
    facts.number("exchange_shares", "shares", count(hidden.exchange_shares));
    facts.number("inside_shares", "shares", count(hidden.inside_shares));
    facts.number("beyond_shares", "shares", count(hidden.beyond_shares));
    facts.number("refilled_shares", "shares", count(hidden.refilled_shares));
    for (place, iceberg) in hidden.icebergs.iter().flatten().enumerate() {
        let (side, price) = (iceberg.side.name(), iceberg.price.dollars());
        let words = format!("{side} {price:.2}, {} refills", iceberg.refills);
        facts.word(&format!("iceberg_{}", place + 1), Some(&words));
    }
}

fn kinds(found: &FlowClusters, facts: &mut Facts) {
    facts.begin("clusters", "last trades whose side is known", found.stamp);
    let is_computed = was_computed(&found.stamp);
    let count = |count: u32| is_computed.then_some(f64::from(count));
    facts.number("clustered_trades", "trades", count(found.trades));
    facts.number("cluster_fits", "fits", count(found.fits));
    facts.number("cluster_silhouette", "-1 to 1", found.silhouette);
    facts.because("too few trades for a fit");
    let with = found.hedging_goes_with.map(FlowKind::name);
    facts.word("hedging_goes_with", with);
    facts.because("gamma exposure is not known");
    for (place, kind) in FlowKind::ALL.into_iter().enumerate() {
        let cluster = found.clusters.map(|clusters| clusters[place]);
        let mut one = |name: &str, unit: &str, value: Option<f64>| {
            facts.number(&format!("{}_{name}", kind.name()), unit, value);
            if found.stamp.quality == Quality::IllConditioned {
                facts.whatever("clusters do not differ enough to be named");
            }
        };
        one("share", "0 to 1", cluster.map(|one| one.share));
        one("trades", "trades", cluster.map(|one| one.trades.into()));
        one("size", "shares", cluster.map(|one| one.size));
        let alignment = cluster.map(|one| one.alignment);
        one("alignment", "standard deviations", alignment);
        one("pause", "ms", cluster.map(|one| one.pause_ms));
        one("one_sided", "0 to 1", cluster.map(|one| one.one_sided));
    }
}
