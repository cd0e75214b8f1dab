//! Exposures, levels and zero gamma against `golden/gex_*.csv`.

mod golden;

use components::contract::Right;
use components::exposure::ExposureWeight;
use components::units::Price;
use golden::{Row, Table};
use systems::exposure::hedging::HedgingFlow;
use systems::exposure::levels::{ExposureRow, Levels, StrikeSums, by_strike, levels, sort_rows};
use systems::exposure::sums::{CrossSums, ExposureSums, cross_sums, exposure_sums};
use systems::exposure::zero_gamma::{GammaCurve, WeightedColumns, zero_gamma};
use systems::greeks::black_scholes::{Greeks, Status, black_scholes};
use systems::greeks::terms::Terms;
use systems::volatility::smile::{SmilePoint, SmileShape};

/// Contract multiplier of the file's chains (its weights are OI x 100).
const MULTIPLIER: f64 = 100.0;
/// Volatility points per +1 % of spot that the file was made with.
const VOLATILITY_BETA: f64 = -0.30;

struct Contract {
    terms: Terms,
    volatility: f64,
    weight: f64,
    greeks: Greeks,
}

struct Chain {
    spot: f64,
    contracts: Vec<Contract>,
}

impl Chain {
    /// The rows of one chain; a contract that is not `included` weighs nothing.
    fn read(table: &Table, name: &str) -> Self {
        let mut contracts = Vec::new();
        for row in table.rows().filter(|row| row.text("chain") == name) {
            let terms = terms(row);
            let volatility = row.number("iv");
            let (status, greeks) = black_scholes(&terms, volatility);
            assert_eq!(status, Status::Ok, "{}", row.place());
            let included = row.number("included");
            let weight = terms.right.phi() * row.number("oi") * MULTIPLIER * included;
            for (name, found) in [
                ("delta", greeks.delta),
                ("gamma", greeks.gamma),
                ("vanna", greeks.vanna),
                ("charm", greeks.charm),
            ] {
                assert_close(&row.place(), name, found, row.number(name));
            }
            contracts.push(Contract {
                terms,
                volatility,
                weight,
                greeks,
            });
        }
        assert!(!contracts.is_empty(), "chain `{name}` has no contract");
        Self {
            spot: contracts[0].terms.spot,
            contracts,
        }
    }

    fn eligible(&self) -> impl Iterator<Item = &Contract> {
        self.contracts
            .iter()
            .filter(|contract| contract.weight != 0.0)
    }

    fn column(&self, field: impl Fn(&Contract) -> f64) -> Vec<f64> {
        self.contracts.iter().map(field).collect()
    }

    fn sums(&self) -> (ExposureSums, CrossSums) {
        let weight: Vec<_> = self
            .contracts
            .iter()
            .map(|contract| ExposureWeight(contract.weight))
            .collect();
        let sensitivity: Vec<_> = self
            .contracts
            .iter()
            .map(|contract| contract.greeks.sensitivity())
            .collect();
        let cross: Vec<_> = self
            .contracts
            .iter()
            .map(|contract| contract.greeks.cross())
            .collect();
        (
            exposure_sums(&sensitivity, &weight),
            cross_sums(&cross, &weight),
        )
    }

    fn by_strike(&self) -> Vec<StrikeSums> {
        let spot = self.spot;
        let row = |contract: &Contract| ExposureRow {
            strike: Price::from_dollars(contract.terms.strike).expect("a strike fits a price"),
            expiry: 0,
            right: contract.terms.right,
            gex_usd_per_pct: contract.weight * contract.greeks.gamma * spot * spot * 0.01,
            dex_usd: contract.weight.abs() * contract.greeks.delta * spot,
        };
        let mut rows: Vec<_> = self.eligible().map(row).collect();
        sort_rows(&mut rows);
        let mut table = Vec::new();
        by_strike(&rows, &mut table);
        table
    }

    fn levels(&self) -> Levels {
        // The file's smallest chain has two contracts and levels: no minimum here.
        let spot = Price::from_dollars(self.spot).expect("a spot fits a price");
        levels(&self.by_strike(), spot, 1).expect("a chain of one contract has levels")
    }

    fn curve(&self) -> GammaCurve {
        let columns = WeightedColumns {
            strike: &self.column(|contract| contract.terms.strike),
            years: &self.column(|contract| contract.terms.years),
            rate: &self.column(|contract| contract.terms.rate),
            dividend_yield: &self.column(|contract| contract.terms.dividend_yield),
            volatility: &self.column(|contract| contract.volatility),
            weight: &self.column(|contract| contract.weight),
        };
        let mut curve = GammaCurve::default();
        zero_gamma(self.spot, &columns, &mut curve);
        curve
    }
}

fn terms(row: Row<'_>) -> Terms {
    Terms {
        right: if row.text("type") == "C" {
            Right::Call
        } else {
            Right::Put
        },
        spot: row.number("S"),
        strike: row.number("K"),
        years: row.number("T"),
        rate: row.number("r"),
        dividend_yield: row.number("q"),
    }
}

fn assert_close(place: &str, name: &str, found: f64, expected: f64) {
    let error = (found - expected).abs();
    assert!(
        error <= 1e-10 * expected.abs(),
        "{place} {name}: {found}, off by {error:e}"
    );
}

/// The smile of the nearest expiry.
fn smile(chain: &Chain) -> SmileShape {
    let years = chain.contracts.iter().map(|contract| contract.terms.years);
    let nearest = years.fold(f64::INFINITY, f64::min);
    let mut points: Vec<SmilePoint> = Vec::new();
    for contract in &chain.contracts {
        if contract.terms.years > nearest {
            continue;
        }
        let delta = Some(contract.greeks.delta.abs());
        let strike = contract.terms.strike;
        let is_call = contract.terms.right == Right::Call;
        points.push(SmilePoint {
            strike,
            call_delta: delta.filter(|_| is_call),
            put_delta: delta.filter(|_| !is_call),
            iv: contract.volatility,
        });
    }
    points.sort_by(|l, r| l.strike.total_cmp(&r.strike));
    SmileShape::of(&points, chain.spot)
}

/// What one key of `gex_expected.csv` is called here, or `None` for an unknown one.
fn value(chain: &Chain, key: &str) -> Option<Option<f64>> {
    let (sums, cross) = chain.sums();
    let spot = chain.spot;
    let flow = HedgingFlow::of(&sums, &cross, spot, VOLATILITY_BETA);
    let dollars = |strike: Option<Price>| strike.map(Price::dollars);
    Some(match key {
        "contracts_used" => Some(chain.eligible().count() as f64),
        "total_gex" => Some(sums.gex_usd_per_pct(spot) * 100.0),
        "total_gex_pct1" => Some(sums.gex_usd_per_pct(spot)),
        "total_gex_usd_per_usd" => Some(sums.gex_usd_per_usd(spot)),
        "total_gex_shares_per_usd" => Some(sums.gamma),
        "total_dex" => Some(sums.dex_usd(spot)),
        "total_dealer_dex" => Some(sums.dealer_dex_usd(spot)),
        "total_vex" => Some(cross.vex_usd_per_point(spot)),
        "total_chex" => Some(cross.chex_usd_per_day(spot)),
        "max_abs_gex_strike" => dollars(chain.levels().max_abs_gamma_strike),
        "call_wall" => dollars(chain.levels().call_wall),
        "put_wall" => dollars(chain.levels().put_wall),
        "zero_gamma_strike_interp" => chain.levels().zero_gamma_strike_interp,
        "zero_gamma_count" => Some(chain.curve().roots.len() as f64),
        "zero_gamma" => chain.curve().nearest,
        "hedge_gamma_shares_per_1pct" => Some(flow.gamma_shares_per_pct),
        "hedge_vanna_shares_per_1pct" => Some(flow.vanna_shares_per_pct),
        "hedge_shares_per_1pct" => Some(flow.shares_per_pct()),
        "charm_shares_per_day" => Some(flow.charm_shares_per_day),
        "iv_call_25d" => smile(chain).call_wing,
        "iv_put_25d" => smile(chain).put_wing,
        "skew_25d" => smile(chain).skew(),
        _ => return None,
    })
}

#[test]
fn golden_exposure_totals_levels_and_zero_gamma_agree() {
    let contracts = Table::read("gex_chain.csv");
    let mut compared = 0;
    for row in Table::read("gex_expected.csv").rows() {
        let (name, key) = (row.text("chain"), row.text("key"));
        let place = format!("{} {name}", row.place());
        let Some(found) = value(&Chain::read(&contracts, name), key) else {
            panic!("{place}: key `{key}` is not known");
        };
        compared += 1;
        match (found, row.optional("value")) {
            (Some(found), Some(expected)) if key == "zero_gamma" => {
                assert!((found - expected).abs() <= 1e-6, "{place} {key}: {found}");
            }
            (Some(found), Some(expected)) => assert_close(&place, key, found, expected),
            (found, expected) => assert_eq!(found, expected, "{place} {key}"),
        }
    }
    assert!(compared > 0, "no key of gex_expected.csv is known");
}

#[test]
fn golden_exposure_by_strike_agrees() {
    let contracts = Table::read("gex_chain.csv");
    let expected = Table::read("gex_by_strike.csv");
    let mut names: Vec<_> = expected.rows().map(|row| row.text("chain")).collect();
    names.dedup();
    for name in names {
        let rows: Vec<_> = expected
            .rows()
            .filter(|row| row.text("chain") == name)
            .collect();
        let table = Chain::read(&contracts, name).by_strike();
        assert_eq!(table.len(), rows.len(), "strikes of {name}");
        for (sums, row) in table.iter().zip(rows) {
            let place = row.place();
            assert_eq!(
                Some(sums.gamma.strike),
                Price::from_dollars(row.number("K")),
                "{place}"
            );
            let net = sums.gamma.net_usd_per_pct();
            assert_close(&place, "gex_pct1", net, row.number("gex_pct1"));
            assert_close(&place, "gex", net * 100.0, row.number("gex"));
            assert_close(&place, "dex", sums.dex_usd(), row.number("dex"));
            assert_close(
                &place,
                "dealer_dex",
                sums.dealer_dex_usd(),
                row.number("dealer_dex"),
            );
        }
    }
}
