//! Chains by hand, damaged ones, and the recorded ones against their control figures.

use super::*;
use crate::testing::recorded_root;
use proptest::prelude::*;

const HEAD: &str = "\n\"Fund, Series 1\",Last: 324.56,Change:  2.92\n\
    Date: 10 May 2023, at 3:10 PM EDT,Bid: 324.49,Ask: 324.5,Size: 3*5,Volume: 43,181,291\n\
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,\
    Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n";
const ROW: &str = "Wed May 10 2023,QQQ230510C00260000,59.6,0,64.43,64.55,7,0,0.9998,0,1,260.00,\
    QQQ230510P00260000,0.01,0,0,0.01,0,5.2448,-0.0002,0,207\n";

fn parse(rows: &str) -> Result<Chain, String> {
    let text = format!("{HEAD}{rows}");
    Chain::parse("q.csv", text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn a_row_is_a_call_and_a_put() {
    let chain = parse(ROW).unwrap();
    assert_eq!(
        (chain.symbol.as_str(), chain.name.as_str()),
        ("QQQ", "Fund, Series 1")
    );
    assert_eq!(chain.last, Price(3_245_600));
    assert_eq!(chain.as_of_text, "10 May 2023, at 3:10 PM EDT");
    assert_eq!(chain.as_of.unwrap().to_string(), "2023-05-10T19:10:00Z");
    let row = chain.rows[0];
    assert_eq!(
        (row.call.bid, row.call.ask),
        (Price(644_300), Price(645_500))
    );
    assert_eq!((row.call.volume, row.call.open_interest), (7, 1));
    assert_eq!((row.put.open_interest, row.put.bid), (207, Price::NONE));
    assert!(row.put.is_computed() && row.put.delta < 0.0);
    assert_eq!(row.call.terms.style, ExerciseStyle::American);
    // The last line break may be missing.
    assert_eq!(parse(ROW.trim_end()).unwrap(), chain);
}

#[test]
fn a_weekly_root_belongs_to_its_index() {
    let row = ROW.replace("QQQ230510", "SPXW230510");
    let chain = parse(&row).unwrap();
    assert_eq!(chain.symbol.as_str(), "SPX");
    assert_eq!(chain.rows[0].put.terms.root.as_str(), "SPXW");
    assert_eq!(chain.rows[0].put.terms.style, ExerciseStyle::European);
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let check = |from: &str, to: &str, expected: &str| {
        let error = parse(&ROW.replacen(from, to, 1)).unwrap_err();
        assert!(error.contains(expected), "{error}");
    };
    check(
        "Wed May 10 2023",
        "Wed May 40 2023",
        "q.csv, line 5, column 1: found \"Wed May 40",
    );
    check(
        "64.55",
        "many",
        "line 5, column 6: found \"many\", must be a price in dollars",
    );
    check(
        "5.2448",
        "NaN",
        "line 5, column 19: found \"NaN\", must be a number",
    );
    check(
        ",207",
        ",-7",
        "column 22: found \"-7\", must be a whole number not below 0",
    );
    check(",207", "", "found \"21 columns\", must be 22 columns");
    check(
        "C00260000",
        "C00270000",
        "column 2: found \"QQQ230510C00270000\", must be of expiry",
    );
    check(
        "P00260000",
        "X00260000",
        "column 13: found \"QQQ230510X00260000\", must be an OSI",
    );
    assert!(parse("").unwrap_err().contains("no rows"));
    let headless = Chain::parse("q.csv", ROW.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(headless.contains("no header line"), "{headless}");
    let text = format!("{HEAD}{ROW}").replace("Last: 324.56", "Last: -");
    let error = Chain::parse("q.csv", text.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2, column 2: found \"Last: -\""),
        "{error}"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Chain::parse("bytes", &bytes);
        let mut text = format!("{HEAD}{ROW}").into_bytes();
        text.extend(&bytes);
        let _ = Chain::parse("bytes", &text);
    }

    #[test]
    fn a_damaged_row_never_panics(at in 0..ROW.len(), byte in any::<u8>()) {
        let mut text = format!("{HEAD}{ROW}").into_bytes();
        let start = text.len() - ROW.len();
        text[start + at] = byte;
        let _ = Chain::parse("bytes", &text);
    }
}

/// Rows, spot, open interest and volume of calls and puts, expiries, computed in the first.
type Control = (usize, i64, [u64; 4], usize, (usize, usize));

#[test]
fn recorded_chains_have_the_sums_of_their_readme() {
    let Some(root) = recorded_root() else { return };
    let files: [(&str, Control); 7] = [
        (
            "spx_2022-03-23_1011",
            (
                9_501,
                44_790_898,
                [4_520_318, 8_873_303, 83_487, 117_830],
                41,
                (78, 179),
            ),
        ),
        (
            "spx_2022-06-10_weekend",
            (
                9_835,
                39_008_601,
                [6_442_968, 11_174_916, 1_035_617, 1_844_187],
                44,
                (0, 225),
            ),
        ),
        (
            "qqq_2023-05-10_1510",
            (
                3_395,
                3_245_600,
                [4_521_242, 8_451_688, 1_315_590, 1_362_963],
                32,
                (103, 104),
            ),
        ),
        (
            "qqq_2023-05-10_1739",
            (
                3_395,
                3_251_000,
                [4_521_242, 8_451_688, 1_623_768, 1_656_842],
                32,
                (18, 104),
            ),
        ),
        (
            "spx_2023-09-14_1631",
            (
                9_960,
                45_051_001,
                [6_663_949, 13_722_905, 1_156_328, 1_683_557],
                53,
                (0, 148),
            ),
        ),
        (
            "spy_2023-09-14_1631",
            (
                3_646,
                4_508_100,
                [6_906_952, 14_666_220, 4_038_361, 5_053_439],
                31,
                (28, 125),
            ),
        ),
        (
            "spy_2025-05-01_1649",
            (
                2_438,
                5_576_500,
                [2_138_709, 5_071_426, 4_179_984, 4_467_998],
                14,
                (51, 193),
            ),
        ),
    ];
    for (name, expected) in files {
        let path = root.join(format!("option_chains/cboe_{name}.csv"));
        let chain = Chain::open(&path).unwrap();
        let sum = |of: fn(&Row) -> u64| chain.rows.iter().map(of).sum::<u64>();
        let sums = [
            sum(|row| row.call.open_interest.into()),
            sum(|row| row.put.open_interest.into()),
            sum(|row| row.call.volume),
            sum(|row| row.put.volume),
        ];
        let mut expiries: Vec<_> = chain.rows.iter().map(|row| row.expiry).collect();
        expiries.sort();
        expiries.dedup();
        let first: Vec<_> = chain
            .rows
            .iter()
            .filter(|row| row.expiry == expiries[0])
            .collect();
        let with_gamma = first
            .iter()
            .filter(|row| row.call.gamma != 0.0 || row.put.gamma != 0.0)
            .count();
        let found = (
            chain.rows.len(),
            chain.last.0,
            sums,
            expiries.len(),
            (with_gamma, first.len()),
        );
        assert_eq!(found, expected, "{name}");
        assert_eq!(chain.symbol.as_str(), name[..3].to_uppercase());
        assert_eq!(
            chain.as_of.is_none(),
            name == "spx_2022-03-23_1011",
            "{name}"
        );
    }
}
