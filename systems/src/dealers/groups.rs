//! Dealer exposures by sector and of all underlyings together. Which sector a symbol belongs to is said
//! in `config/watchlists.yaml`; a symbol that is not named there counts in the portfolio alone.

use super::DealersConfig;
use crate::cadence::SECOND_TICKS;
use bevy_ecs::prelude::*;
use components::dealers::{DealerFlow, GroupExposure, Sector};
use components::exposure::{DeltaExposure, GammaExposure};
use components::market::Ticker;
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::config::Section;
use engine::digest::Digest;
use engine::phase::Phase;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The file of the section in the program, by name, so that an installed one runs anywhere.
pub const WATCHLISTS: (&str, &str) = (
    "config/watchlists.yaml",
    include_str!("../../../config/watchlists.yaml"),
);

/// The `watchlists` section of the config.
#[derive(Resource, Clone, Debug, Default, Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
pub struct WatchlistsConfig {
    /// The sector of a symbol.
    #[garde(skip)]
    pub sectors: BTreeMap<Ticker, Sector>,
}

impl Section for WatchlistsConfig {
    const NAME: &'static str = "watchlists";
}

/// The sums over groups, as of the last second.
#[derive(Resource, Clone, Debug, Default)]
pub struct DealerGroups {
    /// Over all underlyings.
    pub portfolio: GroupExposure,
    /// By sector, in order of their names; all that the config names.
    pub sectors: Vec<(Sector, GroupExposure)>,
}

impl DealerGroups {
    /// Groups without values for the sectors of a config.
    #[must_use]
    pub fn of(config: &WatchlistsConfig) -> Self {
        let names: BTreeSet<&Sector> = config.sectors.values().collect();
        let empty = |name: &Sector| (name.clone(), GroupExposure::default());
        Self {
            portfolio: GroupExposure::default(),
            sectors: names.into_iter().map(empty).collect(),
        }
    }

    fn place(&self, config: &WatchlistsConfig, ticker: Ticker) -> Option<usize> {
        let sector = config.sectors.get(&ticker)?;
        let found = self.sectors.binary_search_by(|(name, _)| name.cmp(sector));
        found.ok()
    }
}

/// What one underlying adds to its groups.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    gex: f64,
    dex: f64,
    vanna: f64,
    charm: f64,
    rise: f64,
    known: bool,
    fresh: bool,
    valid_until: Timestamp,
}

impl Part {
    fn of(gex: &GammaExposure, dex: &DeltaExposure, flow: &DealerFlow, now: Timestamp) -> Self {
        let stamps = [&gex.stamp, &dex.stamp];
        let known = stamps
            .iter()
            .all(|stamp| matches!(stamp.quality, Quality::Ok | Quality::Stale));
        if !known {
            return Self::default();
        }
        // A chain may have exposures, and nothing that expires within the horizon of the flow.
        let flows = matches!(flow.stamp.quality, Quality::Ok | Quality::Stale);
        Self {
            gex: gex.net_usd_per_pct,
            dex: dex.open_interest_usd,
            vanna: dex.vanna_usd_per_point,
            charm: dex.charm_usd_per_day,
            rise: if flows { flow.rise_usd() } else { 0.0 },
            known,
            fresh: stamps.iter().all(|stamp| stamp.is_fresh(now)),
            valid_until: gex.stamp.valid_until.min(dex.stamp.valid_until),
        }
    }

    fn add_to(&self, group: &mut GroupExposure) {
        group.symbols += 1;
        if !self.known {
            return;
        }
        group.known += 1;
        group.fresh += u32::from(self.fresh);
        group.gex_usd_per_pct += self.gex;
        group.dex_usd += self.dex;
        group.vanna_usd_per_point += self.vanna;
        group.charm_usd_per_day += self.charm;
        group.rise_usd += self.rise;
        group.stamp.valid_until = group.stamp.valid_until.min(self.valid_until);
    }
}

/// Sums the groups, once a second.
pub fn sum_groups(
    tick: Res<Tick>,
    config: Res<DealersConfig>,
    watchlists: Res<WatchlistsConfig>,
    mut groups: ResMut<DealerGroups>,
    mut digest: ResMut<Digest>,
    underlyings: Query<(&Ticker, &GammaExposure, &DeltaExposure, &DealerFlow)>,
) {
    if !tick.number.is_multiple_of(SECOND_TICKS) {
        return;
    }
    let empty = GroupExposure {
        stamp: Stamp::new(tick.now, config.valid_ms, Quality::NoData),
        ..GroupExposure::default()
    };
    groups.portfolio = empty;
    for (_, group) in &mut groups.sectors {
        *group = empty;
    }
    for (ticker, gex, dex, flow) in &underlyings {
        let part = Part::of(gex, dex, flow, tick.now);
        part.add_to(&mut groups.portfolio);
        if let Some(place) = groups.place(&watchlists, *ticker) {
            part.add_to(&mut groups.sectors[place].1);
        }
    }
    let DealerGroups { portfolio, sectors } = &mut *groups;
    for group in [portfolio]
        .into_iter()
        .chain(sectors.iter_mut().map(|s| &mut s.1))
    {
        group.stamp.quality = match (group.known, group.fresh == group.known) {
            (0, _) => Quality::NoData,
            (_, false) => Quality::Stale,
            (_, true) => Quality::Ok,
        };
        digest.fold_floats(
            Phase::Volatility,
            &[group.gex_usd_per_pct, group.dex_usd, group.rise_usd],
        );
        digest.fold(Phase::Volatility, u64::from(group.fresh));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(gex: f64, until: i64, quality: Quality) -> (GammaExposure, DeltaExposure) {
        let stamp = Stamp {
            computed_at: Timestamp(0),
            valid_until: Timestamp(until),
            quality,
        };
        let gamma = GammaExposure {
            net_usd_per_pct: gex,
            stamp,
            ..GammaExposure::default()
        };
        let delta = DeltaExposure {
            open_interest_usd: 2.0 * gex,
            stamp,
            ..DeltaExposure::default()
        };
        (gamma, delta)
    }

    #[test]
    fn a_group_holds_what_is_known_and_says_how_much_of_it_is_fresh() {
        let mut group = GroupExposure {
            stamp: Stamp::new(Timestamp(0), 1_000, Quality::NoData),
            ..GroupExposure::default()
        };
        let flow = DealerFlow::default();
        for (gex, until, quality) in [
            (5.0, 700, Quality::Ok),
            (-2.0, 900, Quality::Stale),
            (1e9, 900, Quality::NoData),
        ] {
            let (gamma, delta) = known(gex, until, quality);
            Part::of(&gamma, &delta, &flow, Timestamp(500)).add_to(&mut group);
        }
        assert_eq!((group.symbols, group.known, group.fresh), (3, 2, 1));
        assert_eq!(group.gex_usd_per_pct.to_bits(), 3.0_f64.to_bits());
        assert_eq!(group.dex_usd.to_bits(), 6.0_f64.to_bits());
        assert_eq!(group.stamp.valid_until, Timestamp(700));
    }

    #[test]
    fn sectors_are_named_once_and_found_by_symbol() {
        let sectors = [("AAA", "tech"), ("BBB", "banks"), ("CCC", "tech")]
            .map(|(ticker, sector)| (Ticker::new(ticker).unwrap(), Sector::new(sector).unwrap()));
        let config = WatchlistsConfig {
            sectors: sectors.into_iter().collect(),
        };
        let groups = DealerGroups::of(&config);
        let names: Vec<_> = groups.sectors.iter().map(|s| s.0.as_str()).collect();
        assert_eq!(names, ["banks", "tech"]);
        let place = |ticker| groups.place(&config, Ticker::new(ticker).unwrap());
        assert_eq!(
            (place("CCC"), place("BBB"), place("ZZZ")),
            (Some(1), Some(0), None)
        );
    }

    #[test]
    fn the_file_in_the_program_names_every_sector_well() {
        let (name, text) = WATCHLISTS;
        let layers = engine::config::Layers::new("{}").file(name, text);
        let mut config = layers.load().unwrap();
        let config = config.section::<WatchlistsConfig>().unwrap();
        assert!(config.sectors.len() >= 19);
    }

    #[test]
    fn a_bad_sector_is_named_with_its_place() {
        let text = "watchlists: {sectors: {SPY: Broad Market}}";
        let mut config = engine::config::Layers::new(text).load().unwrap();
        let error = config
            .section::<WatchlistsConfig>()
            .unwrap_err()
            .to_string();
        assert!(error.contains("watchlists.sectors.SPY"), "{error}");
        assert!(error.contains("Broad Market"), "{error}");
    }
}
