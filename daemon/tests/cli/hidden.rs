//! `analyze hidden` on recorded books, against the marks of the feed.

use crate::program::alphatrader;

/// Both recorded books, with their executions and those that the feed marks as hidden.
const BOOKS: [(&str, f64, f64); 2] = [
    ("AMZN_2012-06-21_5", 11_419.0, 2_445.0),
    ("AAPL_2012-06-21_1", 34_990.0, 11_332.0),
];

fn score(book: &str, more: &[&str]) -> Option<impl Fn(&str) -> f64 + use<>> {
    let data = crate::recorded_data()?;
    let file = data.join(format!("order_book/LOBSTER_SampleFile_{book}.zip"));
    let mut arguments = vec!["analyze", "hidden", file.to_str().unwrap(), "--score"];
    arguments.extend(more);
    let run = alphatrader(arguments, b"");
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let [header, row] = run.stdout.lines().collect::<Vec<_>>()[..] else {
        panic!("{}", run.stdout);
    };
    let pairs = header.split(',').zip(row.split(','));
    let found: Vec<(String, f64)> = pairs
        .map(|(name, cell)| (name.to_owned(), cell.parse().unwrap()))
        .collect();
    Some(move |name: &str| found.iter().find(|one| one.0 == name).unwrap().1)
}

#[test]
fn recorded_hidden_executions_are_found_where_every_message_is_shown() {
    for (book, trades, marked) in BOOKS {
        let Some(found) = score(book, &[]) else {
            return;
        };
        assert_eq!(
            (found("trades"), found("marked")),
            (trades, marked),
            "{book}"
        );
        assert!(found("base_rate") < found("precision"), "{book}");
        assert!(
            0.99 < found("precision") && 0.99 < found("recall"),
            "{book}"
        );
        assert_eq!(
            found("detected"),
            found("inside") + found("beyond"),
            "{book}"
        );
        assert!(found("hidden_shares") <= found("shares"), "{book}");
        assert!(0.0 < found("refilled_shares"), "{book}");
    }
}

#[test]
fn recorded_quotes_that_come_late_cost_precision_and_still_beat_the_base_rate() {
    for (book, trades, _) in BOOKS {
        let mut before = 1.0;
        for every in ["10", "100", "1000"] {
            let Some(found) = score(book, &["--quote-every-ms", every]) else {
                return;
            };
            assert_eq!(found("trades"), trades, "{book} {every}");
            let precision = found("precision");
            assert!(found("base_rate") < precision, "{book} {every} {precision}");
            assert!(precision < before, "{book} {every} {precision}");
            // Inside the spread alone: what is published beside a quote that is not of one book.
            let inside = found("inside_both") / found("inside");
            assert!(2.0 * found("base_rate") < inside, "{book} {every} {inside}");
            before = precision;
        }
    }
}

#[test]
fn a_file_that_is_no_lobster_zip_is_an_error() {
    let run = alphatrader(["analyze", "hidden", "Cargo.toml", "--score"], b"");
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("Cargo.toml"), "{}", run.stderr);
    let every = ["analyze", "hidden", "x.zip", "--quote-every-ms", "60001"];
    let run = alphatrader(every, b"");
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("0..=60000"), "{}", run.stderr);
}
