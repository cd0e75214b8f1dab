//! `analyze snapshots`, `vendor`, `regimes`, `american` and `vpin --score` on small files, good and bad.

use crate::program::{Run, alphatrader};
use std::path::Path;

const SUMMARY: &str = "date,time,spot,net,peak_strike,call_wall,put_wall,gamma_flip\n\
    2026-08-18,10:57,100,-100,95,105,95,\n";
const PROFILE: &str = "# spot=100 net0dte=0 peak=95 flip=None\n\
    strike,cg,pg,total,coi,poi,cvol,pvol\n\
    95,10,-200,-190,5,20,1,2\n\
    105,90,0,90,10,10,1,2\n";

/// An archive of one snapshot.
fn archive(summary: &str, profile: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("summary.csv"), summary).unwrap();
    std::fs::create_dir(folder.path().join("profile")).unwrap();
    let file = folder.path().join("profile/2026-08-18_1057.csv");
    std::fs::write(file, profile).unwrap();
    folder
}

fn snapshots(folder: &Path, more: &[&str]) -> Run {
    let arguments = ["analyze", "snapshots", folder.to_str().unwrap()];
    alphatrader(arguments.iter().chain(more), b"")
}

#[test]
fn a_snapshot_has_its_levels() {
    let folder = archive(SUMMARY, PROFILE);
    let listed = snapshots(folder.path(), &[]).rows();
    let [row] = &listed[..] else {
        panic!("{listed:?}");
    };
    let of = |names: [&str; 4]| names.map(|name| row[name].clone());
    assert_eq!(
        of(["status", "peak_strike", "call_wall", "put_wall"]),
        ["ok", "95", "105", "95"]
    );
    let score = snapshots(folder.path(), &["--score", "--format", "csv"]).rows();
    assert!(
        score[..3].iter().all(|row| row["equal"] == "1"),
        "{score:?}"
    );
    let wrong = archive(&SUMMARY.replace(",95,105,", ",105,105,"), PROFILE);
    let score = snapshots(wrong.path(), &["--score", "--format", "csv"]).rows();
    assert_eq!(
        (score[0]["equal"].as_str(), score[0]["differing"].as_str()),
        ("0", "1")
    );
    assert_eq!(score[0]["where"], "2026-08-18 10:57: 95, not 105");
}

#[test]
fn a_bad_archive_is_refused_with_its_place() {
    for (summary, profile, words) in [
        (
            SUMMARY.replace("net,", ""),
            PROFILE.to_owned(),
            "summary.csv:1: column `net` is missing",
        ),
        (
            SUMMARY.replace("10:57", "../57"),
            PROFILE.to_owned(),
            "summary.csv:2: `time` was \"../57\" is not allowed, must be a time as 10:57",
        ),
        (
            SUMMARY.lines().take(1).collect::<Vec<_>>().join("\n"),
            PROFILE.to_owned(),
            "has no rows",
        ),
        (
            SUMMARY.to_owned(),
            PROFILE.replace("spot=100", "spot=x"),
            "2026-08-18_1057.csv:1: `spot` was \"x\" is not allowed",
        ),
        (
            SUMMARY.to_owned(),
            PROFILE.replace("95,10,-200", "95,-10,-200"),
            "2026-08-18_1057.csv:3: `cg` was \"-10\" is not allowed, must be dollars from 0",
        ),
        (
            SUMMARY.to_owned(),
            PROFILE.replace("105,90", "95,90"),
            "2026-08-18_1057.csv:4: `strike` was \"95\" is not allowed, must be above",
        ),
        (
            SUMMARY.replace("10:57", "10:58"),
            PROFILE.to_owned(),
            "could not be read",
        ),
    ] {
        let folder = archive(&summary, &profile);
        let run = snapshots(folder.path(), &["--score"]);
        assert_eq!(run.code, Some(1), "{words}: {}", run.stdout);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
    let nothing = archive(
        SUMMARY,
        &PROFILE
            .replace("10,-200,-190", "0,0,0")
            .replace("90,0,90", "0,0,0"),
    );
    let run = snapshots(nothing.path(), &["--score"]);
    assert_eq!(run.code, Some(0));
    assert!(
        run.stderr
            .contains("summary.csv:2: 2026-08-18 10:57 is refused: no contract has gamma")
    );
}

const CHAIN: &str = "\n\
    Some Fund,Last: 100,Change: 1\n\
    \"Date: March 2, 2026 at 10:15 AM EST\",Bid: 99.9,Ask: 100.1,Size: 1*1,Volume: 7\n\
    Expiration Date,Calls,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest,Strike,\
    Puts,Last Sale,Net,Bid,Ask,Volume,IV,Delta,Gamma,Open Interest\n\
    Fri Mar 13 2026,SPY260313C00100000,2,0,2,2.1,0,0.3,0.51,0.0763,50,100.00,\
    SPY260313P00100000,2,0,2,2.1,0,0,0,0,20\n";

fn vendor(text: &str, more: &[&str]) -> Run {
    let arguments = ["analyze", "vendor", "-"];
    alphatrader(arguments.iter().chain(more), text.as_bytes())
}

#[test]
fn a_vendor_is_compared_where_it_computed() {
    let listed = vendor(CHAIN, &[]).rows();
    // The put has no Greeks of the vendor's.
    let [row] = &listed[..] else {
        panic!("{listed:?}");
    };
    assert_eq!(
        (row["contract"].as_str(), row["days"].as_str()),
        ("SPY 2026-03-13 100.00C", "11")
    );
    let number = |name: &str| row[name].parse::<f64>().unwrap();
    assert!((number("delta") - 0.51).abs() < 0.01 && (number("gamma") - 0.0763).abs() < 0.01);
    let score = vendor(CHAIN, &["--score", "--format", "csv"]).rows();
    assert_eq!(
        (score[0]["expiry"].as_str(), score[0]["moneyness"].as_str()),
        ("8-30 days", "0-0.5")
    );
    assert_eq!(score[0]["contracts"], "1");
    let own: f64 = score[0]["delta_mean_error"].parse().unwrap();
    assert!((own - (number("delta") - 0.51).abs()).abs() < 1e-12);
    let at_theirs = vendor(CHAIN, &["--volatility", "vendor"]).rows();
    assert_eq!(at_theirs[0]["volatility"], "0.3");
}

#[test]
fn what_vendor_cannot_do_is_said() {
    let spanish = CHAIN.replace("March 2, 2026 at 10:15 AM EST", "2 de marzo de 2026, 10:15");
    for (text, more, code, words) in [
        (
            CHAIN,
            &["--rate", "5"][..],
            2,
            "--rate was 5, must be -0.5 to 0.5",
        ),
        (
            CHAIN,
            &["--rate", "0.1", "--rate", "0.2"],
            2,
            "--rate was given 2 times, must be once or 1 times",
        ),
        (CHAIN, &["--as-of", "noon"], 2, "must be a time such as"),
        (
            spanish.as_str(),
            &[],
            1,
            "cannot be read, give the time with --as-of",
        ),
        ("a,b\n1,2\n", &[], 1, "stdin"),
    ] {
        let run = vendor(text, more);
        assert_eq!(run.code, Some(code), "{words}: {}", run.stdout);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

fn regimes(text: &str, more: &[&str]) -> Run {
    let arguments = ["analyze", "regimes", "-"];
    alphatrader(arguments.iter().chain(more), text.as_bytes())
}

#[test]
fn days_have_classes() {
    let text = "DATE,OPEN,HIGH,LOW,CLOSE\n1990-01-02,17,17,17,17\n1990-01-03,18,19,17,18.2\n";
    let listed = regimes(text, &[]).rows();
    assert_eq!(
        (listed[1]["plain"].as_str(), listed[1]["in_force"].as_str()),
        ("elevated", "normal")
    );
    assert_eq!(listed[1]["turbulence"], "");
    let score = regimes(text, &["--score", "--format", "csv"]).rows();
    let open: Vec<_> = score
        .iter()
        .filter(|row| row["classifier"] == "open")
        .collect();
    assert_eq!(
        (open[0]["class"].as_str(), open[0]["days"].as_str()),
        ("elevated", "2")
    );
    let without = regimes(
        "date,close\n1990-01-02,17\n",
        &["--score", "--format", "csv"],
    )
    .rows();
    assert!(without.iter().all(|row| row["classifier"] != "open"));
}

#[test]
fn a_bad_history_is_refused_with_its_place() {
    for (text, words) in [
        ("", "is empty"),
        ("date,open\n", "stdin:1: column `close` is missing"),
        ("date,close\n", "has no rows"),
        (
            "date,close\n1990-01-02,x\n",
            "stdin:2: `close` was \"x\" is not allowed, must be points",
        ),
        ("date,close\n1990-01-02,-3\n", "stdin:2: `close` was \"-3\""),
        (
            "date,close\n1990-01-02,NaN\n",
            "stdin:2: `close` was \"NaN\"",
        ),
        (
            "date,close\n2.1.1990,3\n",
            "stdin:2: `date` was \"2.1.1990\"",
        ),
        (
            "date,close\n1990-01-02,3\n1990-01-02,3\n",
            "stdin:3: `date` was \"1990-01-02\" is not allowed, must be after",
        ),
        (
            "date,open,close\n1990-01-02,,3\n",
            "stdin:2: `open` was \"\"",
        ),
    ] {
        let run = regimes(text, &["--score"]);
        assert_eq!(run.code, Some(1), "{words}");
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
        assert!(run.stdout.is_empty(), "{}", run.stdout);
    }
}

/// A zip of files.
fn zip(path: &Path, files: &[(&str, &str)]) {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in files {
        zip.start_file(*name, options).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap();
}

const BAR: &str = "20140606 10:00,20000,20000,20000,20000,5,20400,20400,20400,20400,5\n";
const STOCK: &str = "37800000,999000,0,0,999000,5,1001000,0,0,1001000,5\n";

/// The chain of a strike and its stock.
fn american(call: &str, stock: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let (chain, under) = (
        folder.path().join("c.zip"),
        folder.path().join("20140606_quote.zip"),
    );
    let put = BAR.replace("20000", "19000").replace("20400", "19400");
    zip(
        &chain,
        &[
            ("aapl_quote_american_call_1000000_20140620.csv", call),
            ("aapl_quote_american_put_1000000_20140620.csv", &put),
        ],
    );
    zip(&under, &[("20140606_aapl_minute_quote.csv", stock)]);
    let arguments = [
        "analyze",
        "american",
        chain.to_str().unwrap(),
        "--underlying",
        under.to_str().unwrap(),
        "--at",
        "2014-06-06T11:00",
    ];
    alphatrader(arguments.iter().chain(more), b"")
}

#[test]
fn both_values_of_an_american_option_are_told() {
    let listed = american(BAR, STOCK, &[]).rows();
    let [call, put] = &listed[..] else {
        panic!("{listed:?}");
    };
    let number = |row: &crate::program::Row, name: &str| row[name].parse::<f64>().unwrap();
    assert_eq!(
        (call["contract"].as_str(), call["days"].as_str()),
        ("AAPL 2014-06-20 100.00C", "14")
    );
    // The forward is 100.10 and more: the put is out of the money, and its price is met both ways.
    assert!((number(put, "american_price") - 1.92).abs() < 1e-6);
    assert!((number(put, "european_price") - 1.92).abs() < 1e-6);
    assert!(number(put, "american_volatility") < number(put, "european_volatility"));
    assert!((number(put, "half_spread") - 0.02).abs() < 1e-12);
    let score = american(BAR, STOCK, &["--score", "--format", "csv"]).rows();
    assert_eq!(
        (score[0]["right"].as_str(), score[0]["moneyness"].as_str()),
        ("call", "at")
    );
    let same = american(BAR, STOCK, &["--at-rate", "0"]).rows();
    assert_eq!(
        same[1]["american_volatility"],
        same[1]["european_volatility"]
    );
}

#[test]
fn a_bad_chain_is_refused_with_its_place() {
    for (call, stock, more, code, words) in [
        (
            BAR.replace("20000,5", "x,5"),
            STOCK,
            &[][..],
            1,
            "call_1000000_20140620.csv:1: `bid close` was \"x\"",
        ),
        (BAR.replace(",5,", ","), STOCK, &[], 1, "must be 11 cells"),
        (
            BAR.replace("10:00", "25:00"),
            STOCK,
            &[],
            1,
            "`time` was \"20140606 25:00\"",
        ),
        (
            BAR.to_owned(),
            "",
            &[],
            1,
            "holds no two-sided quote of 2014-06-06 before 11:00",
        ),
        (
            BAR.to_owned(),
            STOCK,
            &["--rate", "2"],
            2,
            "--rate was 2, must be -0.5 to 0.5",
        ),
        (
            BAR.to_owned(),
            STOCK,
            &["--at-rate", "2"],
            2,
            "--at-rate was 2, must be",
        ),
    ] {
        let run = american(&call, stock, more);
        assert_eq!(run.code, Some(code), "{words}: {}", run.stdout);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
}

#[test]
fn vpin_scores_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let tape = |name: &str| {
        let path = folder.path().join(name);
        let row = |at: i64| {
            format!(
                "{},{},100,N,1,0\n",
                34_200_000 + at * 1_000,
                1_000_000 + at % 7 * 100
            )
        };
        std::fs::write(&path, (0..400).map(row).collect::<String>()).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (one, other) = (tape("20131007_x.csv"), tape("20131008_x.csv"));
    let score = |more: &[&str]| {
        let first = [
            "analyze",
            "vpin",
            &one,
            &other,
            "--bucket-volume",
            "1000",
            "--window",
            "5",
        ];
        alphatrader(first.iter().chain(more), b"")
    };
    let found = score(&["--score", "--format", "csv"]).rows();
    let sessions: Vec<_> = found
        .iter()
        .map(|row| (&*row["method"], &*row["session"], &*row["buckets"]))
        .collect();
    assert_eq!(
        sessions,
        [
            ("bvc_causal", "20131007", "40"),
            ("bvc_causal", "20131008", "40"),
            ("bvc_causal", "all", "80"),
            ("tick", "20131007", "40"),
            ("tick", "20131008", "40"),
            ("tick", "all", "80"),
        ]
    );
    for (more, code, words) in [
        (&[][..], 2, "2 files were given, must be 1 without --score"),
        (&["--ahead", "3"], 2, "--score"),
        (
            &["--score", "--quotes", &one],
            2,
            "--quotes was given 1 times, must be once for each of 2 files",
        ),
        (
            &["--score", "--sigma-min", "1"],
            2,
            "--sigma-min was 1, must be 2 to 390",
        ),
    ] {
        let run = score(more);
        assert_eq!(run.code, Some(code), "{words}: {}", run.stdout);
        assert!(run.stderr.contains(words), "{words}: {}", run.stderr);
    }
    let run = alphatrader(
        ["analyze", "vpin", "-", "--bucket-volume", "9", "--score"],
        b"t_ms,price\n",
    );
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("no LEAN trade tick file"),
        "{}",
        run.stderr
    );
}
