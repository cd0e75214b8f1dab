//! What a unit of each instrument of the book would gain under the moves of the limits.
//!
//! An instrument is re-priced when something changed that its gains depend on, and keeps its gains
//! otherwise: they are a pure function of [`Inputs`] and of [`Setting`], so that keeping them
//! changes no bit. Those of the last judgement are kept and no others, in the order of instruments,
//! so that finding them again is one walk beside the new book.
//!
//! [`Inputs`]: crate::risk::revaluation::Inputs
//! [`Setting`]: crate::risk::revaluation::Setting

use super::daily_closes::DailyCloses;
use super::limits::LimitsConfig;
use super::repricing::{
    HISTORY_DAYS, Holding, Moves, NormalDays, SCENARIOS, TRADING_DAY_YEARS, scenarios,
};
use crate::greeks::terms::Terms;
use bevy_ecs::prelude::Resource;
use components::contract::Instrument;
use components::market::Ticker;
use jiff::civil::Date;
use std::collections::BTreeMap;

/// What an underlying without a history is taken to move in a year where no volatility is known:
/// 20 %, as the whole market.
const MARKET_VOLATILITY: f64 = 0.20;

/// What the market says of an instrument, as far as its gains depend on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inputs {
    /// The underlying's price, dollars.
    pub spot: f64,
    /// Time to expiry in years of 365 days; of shares 0.
    pub years: f64,
    /// Continuously compounded dividend yield.
    pub dividend_yield: f64,
    /// Implied volatility; of shares 0.
    pub volatility: f64,
    /// Continuously compounded rate; of shares 0.
    pub rate: f64,
}

impl Inputs {
    /// One unit of `instrument`, to be re-priced.
    #[must_use]
    pub fn holding(&self, instrument: &Instrument) -> Holding {
        let units = f64::from(instrument.multiplier());
        match instrument {
            Instrument::Stock(_) => Holding::Shares {
                spot: self.spot,
                units,
            },
            Instrument::Option(contract) => Holding::Option {
                terms: Terms {
                    right: contract.terms.right,
                    spot: self.spot,
                    strike: contract.terms.strike.dollars(),
                    years: self.years,
                    rate: self.rate,
                    dividend_yield: self.dividend_yield,
                },
                volatility: self.volatility,
                units,
            },
        }
    }

    /// Those of shares at `spot`.
    #[must_use]
    pub fn of_shares(spot: f64) -> Self {
        Self {
            spot,
            years: 0.0,
            dividend_yield: 0.0,
            volatility: 0.0,
            rate: 0.0,
        }
    }
}

/// What one unit of an instrument would gain, dollars.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gains {
    /// In each scenario.
    pub scenarios_usd: [f64; SCENARIOS],
    /// On each day of the history.
    pub history_usd: [f64; HISTORY_DAYS],
    /// Whether the days are those of its underlying, and not the stand-in.
    pub dated: bool,
}

/// What all instruments are re-priced under.
#[derive(Resource, Debug)]
pub struct Setting {
    scenarios: Moves<SCENARIOS>,
    normal_days: NormalDays,
    histories: BTreeMap<Ticker, Moves<HISTORY_DAYS>>,
    /// Which state of the closes the histories are of.
    of: Option<(u64, Date)>,
}

impl Setting {
    /// The setting of these limits, without a history.
    #[must_use]
    pub fn new(limits: &LimitsConfig) -> Self {
        let grid = scenarios(limits.scenario_spot_share, limits.scenario_iv_change);
        Self {
            scenarios: Moves::new(&grid),
            normal_days: NormalDays::default(),
            histories: BTreeMap::new(),
            of: None,
        }
    }

    /// Takes over what `closes` say of the days before `today`; says whether that is new.
    pub fn follow(&mut self, closes: &DailyCloses, today: Date) -> bool {
        let of = Some((closes.version(), today));
        if self.of == of {
            return false;
        }
        self.of = of;
        let before = std::mem::take(&mut self.histories);
        let returns = closes.log_returns(today);
        self.histories = returns
            .into_iter()
            .map(|(ticker, returns)| (ticker, Moves::of_log_returns(returns)))
            .collect();
        self.histories != before
    }

    /// What a unit would gain; `None` where it cannot be valued under every move.
    #[must_use]
    pub fn gains(&self, instrument: &Instrument, inputs: &Inputs) -> Option<Gains> {
        let holding = inputs.holding(instrument);
        let volatility = match instrument {
            Instrument::Stock(_) => MARKET_VOLATILITY,
            Instrument::Option(_) => inputs.volatility,
        };
        let day = TRADING_DAY_YEARS;
        let history = self.histories.get(&instrument.underlying());
        let history_usd = match history {
            Some(moves) => holding.gains(moves, day),
            None => holding.gains(&self.normal_days.moves(volatility), day),
        };
        Some(Gains {
            scenarios_usd: holding.gains(&self.scenarios, 0.0)?,
            history_usd: history_usd?,
            dated: history.is_some(),
        })
    }
}

/// An instrument and what a unit of it would gain, with what that rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Revalued {
    instrument: Instrument,
    inputs: Option<Inputs>,
    gains: Option<Gains>,
}

/// The gains of the instruments of one judgement, in the order of instruments.
#[derive(Resource, Clone, Debug, Default, PartialEq)]
pub struct Revaluation(Vec<Revalued>);

impl Revaluation {
    /// Values `wanted`, which rises by instrument, and keeps what is known with the same inputs; what
    /// is no longer wanted is forgotten. What has no inputs has no gains.
    pub fn follow(&mut self, wanted: &[(Instrument, Option<Inputs>)], setting: &Setting) {
        let names = wanted.iter().map(|(instrument, _)| *instrument);
        let known = self.0.iter().map(|known| known.instrument);
        if !known.eq(names.clone()) {
            self.make_room_for(names);
        }
        for (known, (instrument, inputs)) in self.0.iter_mut().zip(wanted) {
            if known.inputs != *inputs {
                known.inputs = *inputs;
                known.gains = inputs
                    .as_ref()
                    .and_then(|inputs| setting.gains(instrument, inputs));
            }
        }
    }

    /// Gives each of `names`, which rise, its place; what is known moves to its own.
    fn make_room_for(&mut self, names: impl Iterator<Item = Instrument>) {
        let mut before = std::mem::take(&mut self.0).into_iter().peekable();
        let place = |instrument: Instrument| {
            while before
                .next_if(|known| known.instrument < instrument)
                .is_some()
            {}
            let known = before.next_if(|known| known.instrument == instrument);
            known.unwrap_or(Revalued {
                instrument,
                inputs: None,
                gains: None,
            })
        };
        self.0 = names.map(place).collect();
    }

    /// Forgets everything: the moves are others.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The gains of what was wanted at `place`.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Gains> {
        self.0.get(place)?.gains.as_ref()
    }

    /// The gains in the order in which they were wanted.
    pub fn gains(&self) -> impl Iterator<Item = Option<&Gains>> {
        self.0.iter().map(|revalued| revalued.gains.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::limits::tests::wide;
    use components::contract::{Contract, OptionTerms};
    use proptest::prelude::*;

    fn setting() -> Setting {
        Setting::new(&wide())
    }

    fn instrument(number: u32) -> Instrument {
        let underlying = Ticker::new("SPY").unwrap();
        if number == 0 {
            return Instrument::Stock(underlying);
        }
        let osi = format!("SPY   250915C00{:03}000", 600 + number);
        Instrument::Option(Contract {
            underlying,
            terms: OptionTerms::from_osi(&osi).unwrap(),
        })
    }

    fn inputs(spot: f64) -> Inputs {
        Inputs {
            spot,
            years: 0.05,
            dividend_yield: 0.01,
            volatility: 0.2,
            rate: 0.04,
        }
    }

    fn valued(wanted: &[(Instrument, Option<Inputs>)], setting: &Setting) -> Revaluation {
        let mut all = Revaluation::default();
        all.follow(wanted, setting);
        all
    }

    fn bits(revaluation: &Revaluation) -> Vec<Option<Vec<u64>>> {
        let all = |gains: &Gains| {
            let values = gains.scenarios_usd.iter().chain(&gains.history_usd);
            values.map(|value| value.to_bits()).collect()
        };
        revaluation.gains().map(|gains| gains.map(all)).collect()
    }

    #[test]
    fn what_cannot_be_valued_is_kept_as_that() {
        let broken = [
            (instrument(3), Some(inputs(f64::NAN))),
            (instrument(4), None),
        ];
        let found = valued(&broken, &setting());
        assert_eq!(bits(&found), [None, None]);
    }

    #[test]
    fn only_what_changed_is_priced_again() {
        let book = |spot| [(1, 100.0), (2, spot)].map(|(n, at)| (instrument(n), Some(inputs(at))));
        let first = valued(&book(100.0), &setting());
        // A setting that values nothing shows what is taken from before.
        let blind = Setting::new(&LimitsConfig {
            scenario_spot_share: 2.0,
            ..wide()
        });
        let mut second = first.clone();
        second.follow(&book(101.0), &blind);
        assert_eq!(bits(&second)[0], bits(&first)[0]);
        assert_eq!(bits(&second)[1], None);
    }

    #[test]
    fn new_moves_are_seen_once() {
        let mut setting = setting();
        let mut closes = DailyCloses::default();
        let today = Date::new(2026, 3, 20).unwrap();
        assert!(!setting.follow(&closes, today), "nothing is known");
        crate::risk::daily_closes::tests::fill(&mut closes, "SPY", HISTORY_DAYS + 1);
        assert!(setting.follow(&closes, today));
        assert!(!setting.follow(&closes, today));
        let gains = setting.gains(&instrument(1), &inputs(600.0)).unwrap();
        assert!(gains.dated);
    }

    proptest! {
        /// Books that come and go, with inputs that change or stay: what is kept has the bits of
        /// what is priced anew.
        #[test]
        fn keeping_gains_changes_no_bit(
            books in prop::collection::vec(
                prop::collection::btree_map(0_u32..12, 0_u32..3, 0..12),
                1..8,
            ),
        ) {
            let setting = setting();
            let mut kept = Revaluation::default();
            for book in books {
                let wanted: Vec<_> = {
                    let mut all: Vec<_> = book
                        .iter()
                        .map(|(number, moved)| {
                            let inputs = inputs(600.0 + f64::from(*moved));
                            (instrument(*number), Some(inputs))
                        })
                        .collect();
                    all.sort_by_key(|(instrument, _)| *instrument);
                    all
                };
                kept.follow(&wanted, &setting);
                let anew = valued(&wanted, &setting);
                prop_assert_eq!(bits(&kept), bits(&anew));
                prop_assert_eq!(kept.0.len(), wanted.len());
            }
        }
    }
}
