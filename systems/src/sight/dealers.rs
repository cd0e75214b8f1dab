//! What dealers must trade to stay hedged, how unusual their exposures are, and those of the sector.

use super::exposure::{PER_PCT, PER_POINT};
use super::{Facts, Seen, date_of, now, was_computed};
use crate::dealers::groups::{DealerGroups, WatchlistsConfig};
use crate::mirror::convert::is_known;
use components::dealers::{DealerFlow, DealerMeasure, DealerStandings, VolumeBasis};
use components::quality::{Quality, Stamp};

const PER_DAY: &str = "USD of delta per day";

pub(super) fn show(seen: &Seen<'_>, facts: &mut Facts) {
    if let Some(flow) = seen.get::<DealerFlow>() {
        hedging(flow, facts);
    }
    if let Some(standings) = seen.get::<DealerStandings>() {
        standing(standings, facts);
    }
    sector(seen, facts);
}

fn hedging(flow: &DealerFlow, facts: &mut Facts) {
    let is_summed = is_known(&flow.stamp);
    facts.begin(
        "dealers",
        "model Greeks and open interest; a rise is +1 % of spot",
        flow.stamp,
    );
    let mut trade = |name: &str, unit: &str, value: f64| {
        facts.number(name, unit, is_summed.then_some(value));
        if was_computed(&flow.stamp) {
            facts.whatever("no contract within the horizon counts");
        }
    };
    trade("dealer_rise_shares", "shares", flow.rise_shares());
    trade("dealer_rise_usd", "USD", flow.rise_usd());
    trade("dealer_gamma_shares", "shares", flow.gamma_shares);
    trade("dealer_vanna_shares", "shares", flow.vanna_shares);
    let charm = flow.charm_shares_per_day;
    trade("dealer_charm_shares_per_day", "shares per day", charm);
    let charm = flow.charm_usd_per_day();
    trade("dealer_charm_usd_per_day", "USD per day", charm);
    let beta = flow.volatility_beta;
    trade("volatility_beta", "vol points per +1 %", beta);
    let included = was_computed(&flow.stamp).then_some(flow.included);
    facts.number("dealer_flow_included", "contracts", included.map(f64::from));

    let day = flow.day_volume;
    let basis = match day.map(|day| day.basis) {
        Some(VolumeBasis::EarlierSessions) => "volume of earlier sessions",
        Some(VolumeBasis::SessionSoFar) => "volume of this session so far",
        None => "volume of a day",
    };
    let quality = flow.elasticity_quality;
    facts.begin(
        "dealers",
        basis,
        Stamp {
            quality,
            ..flow.stamp
        },
    );
    facts.number("dealer_elasticity", "of a day's volume", flow.elasticity);
    if is_summed && day.is_none() {
        facts.whatever("nothing was traded yet");
    }
    let quality = day.map_or(Quality::NoData, |_| Quality::Ok);
    facts.begin(
        "dealers",
        basis,
        Stamp {
            quality,
            ..flow.stamp
        },
    );
    facts.number("day_volume_usd", "USD", day.map(|day| day.usd));
    if was_computed(&flow.stamp) {
        facts.whatever("nothing was traded yet");
    }

    let wings = flow.wings;
    let stamp = wings.map_or(flow.stamp, |wings| wings.stamp);
    facts.begin(
        "dealers",
        "wings of the nearest expiry that has both",
        stamp,
    );
    facts.otherwise("no expiry has both wings");
    let expiry = wings.map(|wings| date_of(wings.expiry));
    facts.word("wings_expiry", expiry.as_deref());
    let reversal = wings.map(|wings| wings.risk_reversal);
    facts.number("risk_reversal_25d", "per year", reversal);
    let butterfly = wings.and_then(|wings| wings.butterfly);
    facts.number("butterfly_25d", "per year", butterfly);
}

fn standing(standings: &DealerStandings, facts: &mut Facts) {
    let source = format!("{} samples of this session", standings.samples);
    for (place, measure) in DealerMeasure::ALL.into_iter().enumerate() {
        let one = standings.of[place];
        let quality = match (one.quality, standings.stamp.quality) {
            (Quality::Ok, outer) => outer,
            (own, _) => own,
        };
        let stamp = Stamp {
            quality,
            ..standings.stamp
        };
        let (name, unit) = (measure.name(), unit_of(measure));
        facts.begin("standing", source.as_str(), stamp);
        facts.number(&format!("{name}_z"), "standard deviations", one.z);
        if one.quality == Quality::IllConditioned {
            facts.whatever("all samples are the same");
        }
        let has_samples = one.quality != Quality::NoData;
        facts.number(
            &format!("{name}_mean"),
            unit,
            has_samples.then_some(one.mean),
        );
        if measure.is_watched() {
            let is_drifting = standings.drifting[place];
            let words = if is_drifting { "unusual" } else { "usual" };
            facts.word(&format!("{name}_is"), one.z.map(|_| words));
            if one.quality == Quality::IllConditioned {
                facts.whatever("all samples are the same");
            }
        }
    }
}

fn unit_of(measure: DealerMeasure) -> &'static str {
    match measure {
        DealerMeasure::Gamma => PER_PCT,
        DealerMeasure::Delta => "USD",
        DealerMeasure::Vanna => PER_POINT,
        DealerMeasure::Charm => PER_DAY,
    }
}

fn sector(seen: &Seen<'_>, facts: &mut Facts) {
    let (Some(lists), Some(groups)) = (
        seen.world.get_resource::<WatchlistsConfig>(),
        seen.world.get_resource::<DealerGroups>(),
    ) else {
        return;
    };
    let sector = lists.sectors.get(&seen.ticker);
    facts.begin("sector", "watchlists of the config", now(seen.tick));
    facts.word("sector", sector.map(|sector| sector.as_str()));
    facts.because("no watchlist names it");
    let group = groups.sectors.iter().find(|(name, _)| Some(name) == sector);
    let Some((_, group)) = group else { return };
    let known = |value: f64| is_known(&group.stamp).then_some(value);
    let counts = (group.known, group.symbols);
    let source = format!("sums over {} of its {} underlyings", counts.0, counts.1);
    facts.begin("sector", source, group.stamp);
    facts.number(
        "sector_gex_usd_per_pct",
        PER_PCT,
        known(group.gex_usd_per_pct),
    );
    facts.number("sector_dex_usd", "USD", known(group.dex_usd));
    let vanna = known(group.vanna_usd_per_point);
    facts.number("sector_vanna_usd_per_point", PER_POINT, vanna);
    let charm = known(group.charm_usd_per_day);
    facts.number("sector_charm_usd_per_day", PER_DAY, charm);
    facts.number("sector_rise_usd", "USD", known(group.rise_usd));
}
