//! What is absent says why, and looking changes nothing.

use super::*;
use crate::comovement::CorrelationMatrix;
use crate::history::History;
use crate::ingest::Sources;
use crate::macro_overlay::MacroOverlay;
use components::closing::ClosingProjection;
use components::dealers::{DealerFlow, DealerStandings};
use components::drift::DataDrift;
use components::exposure::{
    DeltaExposure, ExposureLevels, GammaExposure, VolumeExposure, ZeroGamma,
};
use components::flow::{Imbalance, Vpin};
use components::flow_clusters::FlowClusters;
use components::hidden::HiddenLiquidity;
use components::liquidity::Liquidity;
use components::market::{LastTrade, Quote};
use components::options_flow::OptionsFlow;
use components::patterns::{Participants, TradePatterns};
use components::volatility::{
    ImpliedVolatility, MarketRegime, RealizedVolatility, VolatilityRegime,
};
use engine::calendar::Session;
use engine::directory::Listings;
use std::collections::BTreeSet;

mod climate;
mod dealers;
mod flow;

fn stamp(quality: Quality) -> Stamp {
    Stamp::new(Timestamp(5_000_000), 1_000, quality)
}

/// A world with SPY and QQQ at its 40th tick.
struct Place {
    world: World,
    spy: Entity,
}

impl Place {
    fn new() -> Self {
        let mut world = World::new();
        let now = Timestamp(10_000_000_000);
        let mut directory = Directory::default();
        let mut listings = Listings::default();
        let mut chains = Chains::default();
        let mut spy = None;
        for name in ["SPY", "QQQ"] {
            listings.symbol(Ticker::new(name).unwrap());
            directory.number(&listings, now);
            let entity = world.spawn_empty().id();
            chains.add_symbol(entity);
            spy.get_or_insert(entity);
        }
        world.insert_resource(directory);
        world.insert_resource(chains);
        world.init_resource::<Feeds>();
        world.insert_resource(Tick {
            number: 40,
            now,
            session: Session {
                date: jiff::civil::date(2026, 3, 2),
                open: Timestamp(0),
                close: now.plus_millis(1_000),
                early_close: false,
            },
            opens_session: false,
            skipped: 0,
            jumped_ms: 0,
        });
        let spy = spy.unwrap();
        Self { world, spy }
    }

    fn with(mut self, component: impl Bundle) -> Self {
        self.world.entity_mut(self.spy).insert(component);
        self
    }

    fn and(mut self, resource: impl Resource) -> Self {
        self.world.insert_resource(resource);
        self
    }

    fn sight(&self) -> Sight {
        let mut found = look(&self.world, &["SPY".to_owned()], false);
        found.symbols.pop().unwrap()
    }
}

/// Fails unless `sight` has these numbers: group, name, unit and value.
fn assert_numbers(sight: &Sight, wanted: &[(&str, &str, &str, f64)]) {
    for (group, name, unit, value) in wanted {
        let fact = sight.fact(name).unwrap_or_else(|| panic!("no {name}"));
        let found = (fact.group.as_str(), fact.unit.as_str());
        assert_eq!(found, (*group, *unit), "{name}");
        let number = fact.number().unwrap_or_else(|| panic!("{fact:?}"));
        assert!(
            (number - value).abs() < 1e-9,
            "{name}: {number}, not {value}"
        );
        assert!(fact.reason.is_none() && !fact.source.is_empty(), "{fact:?}");
    }
}

fn assert_word(sight: &Sight, group: &str, name: &str, word: &str) {
    let fact = sight.fact(name).unwrap_or_else(|| panic!("no {name}"));
    let value = Some(Value::Word(word.to_owned()));
    assert_eq!((fact.group.as_str(), &fact.value), (group, &value));
}

/// Fails unless what is named is absent for the reason.
fn assert_absent(sight: &Sight, wanted: &[(&str, Option<&str>)]) {
    for (name, reason) in wanted {
        let fact = sight.fact(name).unwrap_or_else(|| panic!("no {name}"));
        assert_eq!(
            (&fact.value, fact.reason.as_deref()),
            (&None, *reason),
            "{name}"
        );
    }
}

#[test]
fn what_is_absent_says_why_and_no_number_is_none() {
    let mut facts = Facts::default();
    facts.begin("levels", "a test", stamp(Quality::Ok));
    facts.number("call_wall_usd", "USD", None);
    facts.because("too few contracts");
    facts.number("zero_gamma_usd", "USD", Some(f64::NAN));
    facts.number("spot_usd", "USD", Some(100.5));
    facts.because("it is there");
    facts.begin("flow", "a test", stamp(Quality::Warmup));
    facts.number("vpin", "0 to 1", None);
    facts.word("flow_label", Some("toxic"));
    let found: Vec<_> = facts
        .list
        .iter()
        .map(|fact| (fact.name.as_str(), fact.number(), fact.reason.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("call_wall_usd", None, Some("too few contracts")),
            ("zero_gamma_usd", None, Some("there is none")),
            ("spot_usd", Some(100.5), None),
            ("vpin", None, None),
            ("flow_label", None, None),
        ]
    );
    assert_eq!(facts.list[4].value, Some(Value::Word("toxic".to_owned())));
    let validity = facts.list[3].validity;
    assert_eq!(validity.computed_at_ms, Some(5));
    assert_eq!(validity.valid_until_ms, Some(1_005));
    assert_eq!(validity.quality, wire::quality::Quality::Warmup);
}

#[test]
fn a_world_before_its_first_tick_knows_nothing() {
    let world = World::new();
    let found = look(&world, &["SPY".to_owned()], true);
    assert_eq!((found.v, found.tick), (wire::VERSION, 0));
    assert!(found.symbols.is_empty());
}

/// `levels` and scripts ask for values by their names.
#[test]
fn no_two_values_have_one_name() {
    let one = (
        GammaExposure::default(),
        DeltaExposure::default(),
        ExposureLevels::default(),
        ZeroGamma::default(),
        VolumeExposure::default(),
        DealerFlow::default(),
        DealerStandings::default(),
        OptionsFlow::default(),
    );
    let flow = (
        Vpin::default(),
        Imbalance::default(),
        TradePatterns::default(),
        Participants::default(),
        ClosingProjection::default(),
        HiddenLiquidity::default(),
        FlowClusters::default(),
        Liquidity::default(),
        DataDrift::default(),
    );
    let climate = (
        Spot::default(),
        Quote::default(),
        LastTrade::default(),
        Sources::default(),
        History::default(),
        RealizedVolatility::default(),
        ImpliedVolatility::default(),
        VolatilityRegime::default(),
        MarketRegime::default(),
    );
    let place = Place::new().with(one).with(flow).with(climate);
    let place = place.and(CorrelationMatrix::default());
    let place = place.and(MacroOverlay::default());
    let sight = place.sight();
    let names: BTreeSet<&str> = sight.facts.iter().map(|fact| fact.name.as_str()).collect();
    assert_eq!(names.len(), sight.facts.len());
    assert!(names.len() > 150, "{}", names.len());
    // Nothing was computed: nothing is told but what is true from the start.
    let told: Vec<&str> = sight
        .facts
        .iter()
        .filter(|fact| fact.value.is_some())
        .map(|fact| fact.name.as_str())
        .collect();
    assert_eq!(told, ["trading", "price"]);
}
