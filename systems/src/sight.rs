//! What is known of an underlying, for those who ask: read from the world between two ticks.
//!
//! Nothing here writes to the world, is a system or goes into the digest. A capability that
//! publishes a new component has its values shown by a line in the file of its group.

use crate::books::Books;
use crate::chains::Chains;
use crate::mirror::account::{order_of, position_of};
use crate::mirror::convert::{millis, symbol_of, validity};
use crate::reports::portfolio::Portfolio;
use crate::scoring::Signals;
use bevy_ecs::prelude::*;
use components::contract::Instrument;
use components::exposure::{ExposureProfile, GammaProfile};
use components::market::{Spot, SymbolId, Ticker};
use components::quality::{Quality, Stamp};
use components::units::Timestamp;
use engine::clock::Tick;
use engine::directory::Directory;
use engine::feeds::Feeds;
use wire::sight::{AtExpiry, AtSpot, AtStrike, Fact, LastWord, Sight, Sights, Value};

/// How it moves with others.
mod comovement;
/// Dealers: what they must trade, how unusual that is, their sector.
mod dealers;
/// Whether input is as it was.
mod drift;
/// Exposures and levels.
mod exposure;
/// Flow: VPIN, book, shapes of trades.
mod flow;
/// Hidden volume, and kinds of flow.
mod hidden;
/// What can be traded at what cost.
mod liquidity;
/// Prices, and whether they may be traded on.
mod market;
/// What was traded in its options.
mod options;
/// Volatility and regimes.
mod volatility;

/// What `world` knows of `symbols`, of all if none is named.
#[must_use]
pub fn look(world: &World, symbols: &[String], with_details: bool) -> Sights {
    let mut found = Sights {
        v: wire::VERSION,
        ..Sights::default()
    };
    let (Some(tick), Some(directory)) = (
        world.get_resource::<Tick>(),
        world.get_resource::<Directory>(),
    ) else {
        return found;
    };
    found.tick = tick.number;
    found.at_ms = millis(tick.now).unwrap_or_default();
    let all = || (0..directory.symbols_len()).filter_map(|id| u32::try_from(id).ok().map(SymbolId));
    let mut wanted: Vec<SymbolId> = Vec::new();
    for name in symbols {
        let ticker = Ticker::new(name).ok();
        match ticker.and_then(|ticker| directory.symbol(ticker)) {
            Some(id) if wanted.contains(&id) => {}
            Some(id) => wanted.push(id),
            None => found.unknown.push(name.clone()),
        }
    }
    if symbols.is_empty() {
        wanted = all().collect();
    }
    if !found.unknown.is_empty() {
        let names = all().filter_map(|id| directory.ticker(id));
        found.known = names.map(|ticker| ticker.to_string()).collect();
    }
    let sights = wanted.into_iter().filter_map(|id| {
        let seen = Seen::of(world, tick, id, directory.ticker(id)?)?;
        seen.sight(with_details)
    });
    found.symbols = sights.collect();
    found
}

/// An underlying in the world.
struct Seen<'w> {
    world: &'w World,
    tick: &'w Tick,
    feeds: &'w Feeds,
    entity: Entity,
    id: SymbolId,
    ticker: Ticker,
}

impl<'w> Seen<'w> {
    fn of(world: &'w World, tick: &'w Tick, id: SymbolId, ticker: Ticker) -> Option<Self> {
        Some(Self {
            world,
            tick,
            feeds: world.get_resource()?,
            entity: world.get_resource::<Chains>()?.underlying(id)?,
            id,
            ticker,
        })
    }

    /// A component of the underlying.
    fn get<T: Component>(&self) -> Option<&'w T> {
        self.world.get(self.entity)
    }

    fn spot(&self) -> Option<f64> {
        self.get::<Spot>().and_then(Spot::get)
    }

    fn sight(&self, with_details: bool) -> Option<Sight> {
        let mut facts = Facts::default();
        market::show(self, &mut facts);
        exposure::show(self, &mut facts);
        dealers::show(self, &mut facts);
        options::show(self, &mut facts);
        flow::show(self, &mut facts);
        hidden::show(self, &mut facts);
        liquidity::show(self, &mut facts);
        volatility::show(self, &mut facts);
        comovement::show(self, &mut facts);
        drift::show(self, &mut facts);
        let profile = self.get::<ExposureProfile>().filter(|_| with_details);
        let by_strike = profile.map_or(&[][..], |profile| &profile.by_strike);
        let by_expiry = profile.map_or(&[][..], |profile| &profile.by_expiry);
        let curve = self
            .get::<GammaProfile>()
            .filter(|_| with_details)
            .into_iter();
        Some(Sight {
            symbol: symbol_of(self.ticker)?,
            facts: facts.list,
            by_strike: by_strike
                .iter()
                .map(|at| AtStrike {
                    strike: at.strike.dollars(),
                    call: at.call_usd_per_pct,
                    put: at.put_usd_per_pct,
                })
                .collect(),
            by_expiry: by_expiry
                .iter()
                .map(|&(expiry, net)| AtExpiry { expiry, net })
                .collect(),
            profile: curve
                .flat_map(|curve| curve.spot_dollars.iter().zip(&curve.gex_usd_per_pct))
                .map(|(&spot, &net)| AtSpot { spot, net })
                .collect(),
            last_words: self.last_words(),
            positions: self.positions(),
            orders: self.orders(),
        })
    }

    fn last_words(&self) -> Vec<LastWord> {
        let Some(signals) = self.world.get_resource::<Signals>() else {
            return Vec::new();
        };
        let words = signals.last_words(self.id);
        words
            .map(|(strategy, word)| LastWord {
                strategy: strategy.to_string(),
                at_ms: millis(word.at).unwrap_or_default(),
                intent: word.intent.name().to_owned(),
                direction: word.direction.name().to_owned(),
                confidence: word.confidence.points(),
                contract: word.terms.map(|terms| terms.osi()),
                fate: word.fate.to_owned(),
            })
            .collect()
    }

    fn positions(&self) -> Vec<wire::account::Position> {
        let portfolio = self.world.get_resource::<Portfolio>();
        let held = portfolio.map_or(&[][..], |portfolio| &portfolio.positions);
        held.iter()
            .filter(|view| view.instrument.underlying() == self.ticker)
            .filter_map(position_of)
            .collect()
    }

    fn orders(&self) -> Vec<wire::account::Order> {
        let Some(books) = self.world.get_resource::<Books>() else {
            return Vec::new();
        };
        let is_ours = |instrument: Instrument| instrument.underlying() == self.ticker;
        books
            .ledger()
            .open_orders()
            .filter(|order| is_ours(Instrument::Option(order.followed.intent.order.contract)))
            .map(order_of)
            .collect()
    }
}

/// Values that are being collected, and what those of the current group share.
#[derive(Default)]
struct Facts {
    list: Vec<Fact>,
    group: &'static str,
    source: String,
    stamp: Stamp,
    /// Why a value of the group is absent, where nothing else says so.
    otherwise: &'static str,
}

impl Facts {
    /// What follows belongs to `group`, was computed from `source` and is as good as `stamp` says.
    fn begin(&mut self, group: &'static str, source: impl Into<String>, stamp: Stamp) {
        self.group = group;
        self.source = source.into();
        self.stamp = stamp;
        self.otherwise = "there is none";
    }

    /// Why values of this group are absent though their quality is good, unless one says another reason.
    fn otherwise(&mut self, reason: &'static str) {
        self.otherwise = reason;
    }

    fn push(&mut self, name: &str, unit: &str, value: Option<Value>) {
        let is_mute = value.is_none() && self.stamp.quality == Quality::Ok;
        self.list.push(Fact {
            group: self.group.to_owned(),
            name: name.to_owned(),
            value,
            unit: unit.to_owned(),
            source: self.source.clone(),
            reason: is_mute.then(|| self.otherwise.to_owned()),
            validity: validity(&self.stamp),
        });
    }

    /// A number; one that is not finite is none.
    fn number(&mut self, name: &str, unit: &str, value: Option<f64>) {
        let value = value.filter(|value| value.is_finite());
        self.push(name, unit, value.map(Value::Number));
    }

    fn word(&mut self, name: &str, word: Option<&str>) {
        self.push(name, "", word.map(|word| Value::Word(word.to_owned())));
    }

    /// Why the value before is absent, where its quality alone does not say so.
    fn because(&mut self, reason: &str) {
        if let Some(fact) = self.list.last_mut()
            && fact.reason.is_some()
        {
            fact.reason = Some(reason.to_owned());
        }
    }

    /// Why the value before is absent, whatever its quality: what `no_data` alone would not tell.
    fn whatever(&mut self, reason: &str) {
        if let Some(fact) = self.list.last_mut()
            && fact.value.is_none()
        {
            fact.reason = Some(reason.to_owned());
        }
    }
}

/// Whether what bears the stamp was computed at least once.
fn was_computed(stamp: &Stamp) -> bool {
    stamp.computed_at != Timestamp::NEVER
}

/// The stamp of what is true at this tick.
fn now(tick: &Tick) -> Stamp {
    Stamp {
        computed_at: tick.now,
        valid_until: Timestamp::NEVER,
        quality: Quality::Ok,
    }
}

/// An expiry `yyyymmdd` as a date.
fn date_of(expiry: u32) -> String {
    let (year, month, day) = (expiry / 10_000, expiry / 100 % 100, expiry % 100);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests;
