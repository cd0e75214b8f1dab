//! The tables of `docs/analytics.md` that hold our analytics against what others computed: the commands
//! beside them print them to this day. Needs the recorded data: runs where `ALPHATRADER_DATA` is set.

use crate::program::{Row, alphatrader, number};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The commands of the book that begin with `alphatrader analyze VERB` and stand alone in a block of shell, as words.
fn commands(verb: &str) -> Vec<Vec<String>> {
    let book = book();
    let blocks = book.split("```sh\n").skip(1);
    let text = blocks.filter_map(|block| block.split("```").next());
    let words = |command: &str| -> Vec<String> {
        let joined = command.replace("\\\n", " ");
        joined.split_whitespace().map(str::to_owned).collect()
    };
    let own = text.map(words).filter(|words| {
        words.first().is_some_and(|word| word == "alphatrader")
            && words.get(1).is_some_and(|word| word == "analyze")
            && words.get(2).is_some_and(|word| word == verb)
    });
    own.collect()
}

fn book() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/analytics.md");
    std::fs::read_to_string(path).unwrap()
}

/// Runs a command of the book on the recorded data.
fn run(words: &[String], data: &Path) -> String {
    let root = data.to_str().unwrap();
    let words = words[1..]
        .iter()
        .map(|word| word.replace("$ALPHATRADER_DATA", root));
    let end = ["--format".to_owned(), "md".to_owned()];
    let run = alphatrader(words.chain(end), b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    run.stdout
}

/// The cells of the tables in a Markdown text, a line each, without padding and rulers.
fn lines(text: &str) -> Vec<Vec<String>> {
    let table = text.lines().filter(|line| line.starts_with('|'));
    let cells = table.map(|line| {
        let cells = line.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().to_owned()).collect::<Vec<_>>()
    });
    cells.filter(|cells| !cells[0].starts_with('-')).collect()
}

/// Checks that the table that each command of `verb` prints today stands in the book, and gives its rows.
fn check_tables(verb: &str, data: &Path, count: usize) -> Vec<Vec<Row>> {
    let commands = commands(verb);
    assert_eq!(commands.len(), count, "commands with {verb} in the book");
    let book = lines(&book());
    let mut outputs = Vec::new();
    for words in &commands {
        let found = lines(&run(words, data));
        assert!(found.len() > 1, "{words:?} prints no table");
        let whole = book.windows(found.len()).any(|window| window == found);
        assert!(whole, "{words:?} prints another table than the book has");
        let row = |cells: &Vec<String>| found[0].iter().cloned().zip(cells.clone()).collect();
        outputs.push(found[1..].iter().map(row).collect());
    }
    outputs
}

fn recorded() -> Option<PathBuf> {
    crate::recorded_data()
}

#[test]
fn snapshots_agree_with_the_archive() {
    let Some(data) = recorded() else {
        return;
    };
    let score = &check_tables("snapshots", &data, 1)[0];
    for row in score {
        let count = |name| number(row, name).unwrap();
        assert_eq!((count("rows"), count("refused")), (66.0, 1.0), "{row:?}");
        if row["field"] == "gamma_flip" {
            assert_eq!(count("not_comparable"), 59.0);
            assert!(count("equal") >= 5.0, "{row:?}");
        } else {
            assert_eq!(count("equal"), 65.0, "{row:?}");
        }
    }
    let folder = data.join("options_intraday/spx_0dte_gex");
    let run = alphatrader(["analyze", "snapshots", folder.to_str().unwrap()], b"");
    let listed = run.rows();
    let refused: Vec<&Row> = listed.iter().filter(|row| row["status"] != "ok").collect();
    let [only] = refused[..] else {
        panic!("{refused:?}");
    };
    assert_eq!(
        (only["date"].as_str(), only["time"].as_str()),
        ("2026-08-20", "09:45")
    );
    assert_eq!(
        (only["status"].as_str(), only["peak_strike"].as_str()),
        ("no_gamma", "")
    );
    assert!(
        run.stderr.contains("2026-08-20 09:45 is refused"),
        "{}",
        run.stderr
    );
    // The book says how often volume has its peak where open interest has it.
    let same = listed
        .iter()
        .filter(|row| row["status"] == "ok" && row["peak_strike"] == row["peak_strike_by_volume"]);
    let sentence = format!(
        "the two peaks are one in {} of the 65 snapshots",
        same.count()
    );
    assert!(
        book().contains(&sentence),
        "the book does not say: {sentence}"
    );
}

#[test]
fn the_vendors_gammas_are_ours_rounded() {
    let Some(data) = recorded() else {
        return;
    };
    let tables = check_tables("vendor", &data, 2);
    let [index, funds] = &tables[..] else {
        unreachable!();
    };
    // European options near the money: four of five gammas and more differ by the rounding alone.
    for row in index {
        let count = number(row, "contracts").unwrap();
        if count < 100.0 {
            continue;
        }
        assert!(number(row, "gamma_rounding_pct").unwrap() > 80.0, "{row:?}");
        assert!(number(row, "gamma_mean_error").unwrap() < 3.5e-5, "{row:?}");
        assert!(number(row, "delta_mean_error").unwrap() < 4e-3, "{row:?}");
    }
    let contracts = |rows: &[Row]| -> f64 {
        rows.iter()
            .map(|row| number(row, "contracts").unwrap())
            .sum()
    };
    assert!(contracts(index) > 40_000.0 && contracts(funds) > 15_000.0);
}

#[test]
fn regimes_of_the_volatility_indices_are_those_of_the_book() {
    let Some(data) = recorded() else {
        return;
    };
    let tables = check_tables("regimes", &data, 2);
    let of = |classifier: &str, column: &str| -> f64 {
        let own = tables[0]
            .iter()
            .filter(|row| row["classifier"] == classifier);
        own.map(|row| number(row, column).unwrap()).sum()
    };
    assert_eq!(of("plain", "days"), 8_960.0);
    assert_eq!(of("in_force", "days"), 8_960.0);
    // Hysteresis changes the class less than half as often and takes back a quarter as often.
    assert!(of("in_force", "entered") < 0.5 * of("plain", "entered"));
    assert!(of("in_force", "undone") < 0.3 * of("plain", "undone"));
    let levels = ["low", "normal", "elevated", "high", "shock"];
    let agreed: f64 = tables[0]
        .iter()
        .filter(|row| row["classifier"] == "in_force")
        .map(|row| {
            number(
                row,
                levels.iter().find(|name| **name == row["class"]).unwrap(),
            )
            .unwrap()
        })
        .sum();
    assert!(agreed > 0.9 * 8_960.0, "{agreed}");
    let classes: BTreeSet<&str> = tables[1]
        .iter()
        .map(|row| row["classifier"].as_str())
        .collect();
    assert!(classes.contains("open"), "{classes:?}");
}

#[test]
fn european_numbers_of_american_options_are_as_far_off_as_the_book_says() {
    let Some(data) = recorded() else {
        return;
    };
    let tables = check_tables("american", &data, 3);
    for (table, rows) in tables.iter().enumerate() {
        assert!(rows.len() >= 25, "{rows:?}");
        for row in rows {
            let of = |name| number(row, name).unwrap();
            let soon = ["0DTE", "1-7 days"].contains(&row["expiry"].as_str());
            if soon {
                assert_eq!(of("within_half_spread_pct"), 100.0, "{table} {row:?}");
            }
            // At the rates of the day.
            if table < 2 && (soon || row["moneyness"] == "out" && row["expiry"] != "over 90 days") {
                assert!(of("delta_p95") < 0.003, "{table} {row:?}");
                assert!(of("gamma_p95_pct") < 2.0, "{table} {row:?}");
            }
        }
    }
    // With interest, puts in the money and far from their expiry are worth exercising.
    let late = tables[2].iter().find(|row| {
        row["right"] == "put" && row["expiry"] == "31-90 days" && row["moneyness"] == "in"
    });
    assert!(number(late.unwrap(), "within_half_spread_pct").unwrap() < 50.0);
}

#[test]
fn vpin_of_three_days_is_that_of_the_book() {
    let Some(data) = recorded() else {
        return;
    };
    for rows in check_tables("vpin", &data, 4) {
        for row in &rows {
            let Some(median) = number(row, "median") else {
                continue;
            };
            let (least, most) = (number(row, "min").unwrap(), number(row, "max").unwrap());
            assert!(
                0.0 <= least && least <= median && median <= most && most <= 1.0,
                "{row:?}"
            );
        }
        let days: BTreeSet<&str> = rows.iter().map(|row| row["session"].as_str()).collect();
        assert_eq!(days.len(), 4, "{days:?}");
        let all = rows
            .iter()
            .find(|row| row["method"] == "bvc_causal" && row["session"] == "all");
        let all = all.unwrap();
        assert!(
            (140.0..=150.0).contains(&number(all, "buckets").unwrap()),
            "{all:?}"
        );
        // Liquid stocks lie far from 1, where a broken bucket or sign would put them.
        assert!(
            (0.1..0.5).contains(&number(all, "median").unwrap()),
            "{all:?}"
        );
    }
}
