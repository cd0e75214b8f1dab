//! A difference is told wherever it is planted, and nothing else is.

use super::*;
use crate::analyze::levels::recount::{self, Terms, recount};
use crate::analyze::levels::{Args, Source, analyze};
use components::units::Timestamp;
use engine::calendar::Calendar;
use recorded::cboe::Chain;

const HEAD: &str = "\n\
    Some Fund,Last: 100.25,Change: 1\n\
    \"Date: March 2, 2026 at 10:15 AM EST\",Bid: 99.9,Ask: 100.1,Size: 1*1,Volume: 7\n\
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,\
    Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n";

/// Three expiries, one of them this week's, with a smile, odd open interest and a crossed quote.
fn chain() -> String {
    let mut text = HEAD.to_owned();
    for (date, code, days) in [
        ("Fri Mar 06 2026", "260306", 4.0),
        ("Fri Mar 20 2026", "260320", 18.0),
        ("Fri Jun 19 2026", "260619", 109.0),
    ] {
        for place in 0..13_i32 {
            let strike = f64::from(88 + 2 * place);
            let years = days / 365.0_f64;
            let away = (strike - 100.0) / 100.0;
            let volatility = 0.22 + 0.4 * away * away - 0.1 * away;
            let spread = volatility * years.sqrt() * 40.0;
            let wing = 10.0 * away / spread.max(1.0);
            let time_value = spread / (1.0 + wing * wing);
            let call = (100.25 - strike).max(0.0) + time_value;
            let put = (strike - 100.25).max(0.0) + time_value;
            let gamma = 0.02 / (1.0 + 200.0 * away * away);
            let delta = 0.5 - 3.0 * away;
            let open = 7 * (13 - place) + 3;
            text.push_str(&format!(
                "{date},SPY{code}C{:08},1,0,{:.2},{:.2},5,{volatility:.4},{delta:.4},{gamma:.4},\
                 {open},{strike:.2},SPY{code}P{:08},1,0,{:.2},{:.2},5,{volatility:.4},{:.4},\
                 {gamma:.4},{}\n",
                strike * 1000.0,
                call,
                call + 0.05,
                strike * 1000.0,
                put,
                if place == 2 { put - 0.05 } else { put + 0.05 },
                delta - 1.0,
                11 * place + 2,
            ));
        }
    }
    text
}

fn arguments(greeks: Source) -> Args {
    Args {
        file: "chain.csv".into(),
        as_of: None,
        rate: 0.04,
        min_oi: 5,
        greeks,
        svg: None,
        verify: true,
    }
}

fn now() -> Timestamp {
    let now: jiff::Timestamp = "2026-03-02T15:00:00Z".parse().unwrap();
    now.into()
}

fn report(text: &str, greeks: Source) -> Report {
    let chain = Chain::parse("chain.csv", text.as_bytes()).unwrap();
    analyze(&arguments(greeks), &chain, &Calendar::nyse(), &Ok(now()))
}

fn recounted(text: &str, greeks: Source) -> Recount {
    let terms = Terms {
        now: Some(now()),
        rate: 0.04,
        min_oi: 5,
        is_model: greeks == Source::Model,
    };
    recount(text.as_bytes(), &Calendar::nyse(), &terms).unwrap()
}

#[test]
fn two_counts_of_a_chain_agree() {
    for greeks in [Source::Vendor, Source::Model] {
        let found = Verification::of(&report(&chain(), greeks), &recounted(&chain(), greeks));
        assert!(found.equal, "{greeks:?}: {:#?}", found.different());
        let roots = found
            .fields
            .iter()
            .filter(|field| field.field.contains("roots"));
        assert!(roots.count() > 0, "a chain with a root is wanted");
        let compared: usize = found.fields.iter().map(|field| field.compared).sum();
        assert!(compared > 13 + 13 + 3, "{compared}");
    }
}

#[test]
fn a_difference_planted_in_any_field_is_told() {
    type Plant = fn(&mut Report);
    let slightly = |value: &mut Option<f64>| *value = value.map(|value| value * (1.0 + 3e-9));
    let plants: [(&str, Plant); 13] = [
        ("spot", |report| report.spot += 1e-6),
        ("included", |report| report.included += 1),
        ("call_gex_usd_per_pct", |report| {
            report.call_gex_usd_per_pct =
                report.call_gex_usd_per_pct.map(|gex| gex * 1.000_000_003);
        }),
        ("put_gex_usd_per_pct", |report| {
            report.put_gex_usd_per_pct = None;
        }),
        ("net_gex_usd_per_pct", |report| {
            report.net_gex_usd_per_pct = report.net_gex_usd_per_pct.map(|gex| -gex);
        }),
        ("net_gex_first_expiry_usd_per_pct", |report| {
            report.net_gex_first_expiry_usd_per_pct = Some(0.0);
        }),
        ("dex_usd", |report| report.dex_usd = Some(f64::NAN)),
        ("call_wall", |report| report.call_wall = Some(112.0)),
        ("put_wall", |report| report.put_wall = None),
        ("max_abs_gamma_strike", |report| {
            report.max_abs_gamma_strike = Some(112.0);
        }),
        ("zero_gamma_roots[0]", |report| {
            report.zero_gamma_roots[0] += 1e-6;
        }),
        ("by_strike.call 100", |report| {
            let at = report
                .by_strike
                .iter_mut()
                .find(|at| at.strike > 99.0)
                .unwrap();
            at.call *= 1.000_000_003;
        }),
        ("by_expiry 2026-03-20", |report| {
            report.by_expiry.retain(|at| at.expiry != "2026-03-20");
        }),
    ];
    let (text, greeks) = (chain(), Source::Vendor);
    let recount = recounted(&text, greeks);
    for (name, plant) in plants {
        let mut report = report(&text, greeks);
        plant(&mut report);
        let found = Verification::of(&report, &recount);
        assert_eq!(found.different(), [name]);
    }
    let mut report = report(&text, greeks);
    slightly(&mut report.zero_gamma);
    assert_eq!(
        Verification::of(&report, &recount).different(),
        ["zero_gamma"]
    );
}

#[test]
fn a_cell_that_only_one_of_both_saw_is_told() {
    let text = chain();
    let other = text.replace(",66,96.00,", ",67,96.00,");
    assert_ne!(text, other);
    let found = Verification::of(
        &report(&text, Source::Vendor),
        &recounted(&other, Source::Vendor),
    );
    let different = found.different();
    for field in ["call_gex_usd_per_pct", "dex_usd", "by_strike.call 96"] {
        assert!(different.contains(&field), "{field} in {different:?}");
    }
    assert!(!different.contains(&"put_gex_usd_per_pct"));
}

#[test]
fn what_cannot_be_read_again_is_named_by_its_line() {
    let terms = Terms {
        now: None,
        rate: 0.0,
        min_oi: 5,
        is_model: false,
    };
    let bad = chain().replace("SPY260306P00088000", "SPY260306X00088000");
    let trouble: recount::Trouble = recount(bad.as_bytes(), &Calendar::nyse(), &terms).unwrap_err();
    assert!(trouble.to_string().starts_with("line 5: "), "{trouble}");
}
