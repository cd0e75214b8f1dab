//! Files of macro series that a config names become part of the config, so that a journal holds them
//! and a replay needs no file.
//!
//! A CSV has the columns `timestamp`, a day, and `value`; rows whose value is `.` were not published and
//! are left out. A JSON file is a feed of scored news: its scores, `overall_sentiment_score`, become one
//! value a day, their mean. Both are what Alpha Vantage answers.

use crate::exit::{Exit, Failure};
use crate::input::{Input, Table};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// The keys that name files.
pub const FILE_KEYS: [&str; 6] = [
    "macro.series.policy_rate.file",
    "macro.series.short_yield.file",
    "macro.series.long_yield.file",
    "macro.series.prices.file",
    "macro.series.output.file",
    "macro.series.sentiment.file",
];

/// The config layer of the file at `path`, which `key` names. Each row of a CSV stands on the line that
/// it has in the file, so that what is wrong with it is told with that line.
///
/// # Errors
/// If the file cannot be read, lacks a column or a field, or has a value that is no number.
pub fn layer(key: &str, path: &Path) -> Result<String, Failure> {
    let refused = |failure| Failure::new(Exit::Config, format_args!("{key}: {failure}"));
    let series = key
        .trim_start_matches("macro.series.")
        .trim_end_matches(".file");
    let is_news = path
        .extension()
        .is_some_and(|extension| extension == "json");
    let rows = if is_news { news(path) } else { table(path) };
    let rows = rows.map_err(refused)?;
    Ok(format!(
        "macro: {{series: {{{series}: {{rows: [{rows}]}}}}}}\n"
    ))
}

fn table(path: &Path) -> Result<String, Failure> {
    let mut table = Table::open(Input::read(path)?)?;
    let [date, value] = table.columns(["timestamp", "value"])?;
    let mut text = String::new();
    let mut line = 1;
    while let Some(row) = table.next_record()? {
        while line < row.line() {
            text.push('\n');
            line += 1;
        }
        let at = |column: &str, error: &dyn std::fmt::Display| {
            let (name, line) = (table.name(), row.line());
            Failure::error(format_args!("{name}:{line}: `{column}` {error}"))
        };
        let shown = row.text(value).map_err(|error| at("value", &error))?;
        if shown == "." {
            continue;
        }
        let number = row.number(value).map_err(|error| at("value", &error))?;
        if !number.is_finite() {
            return Err(at("value", &format_args!("was {number}, must be finite")));
        }
        let date = row.text(date).map_err(|error| at("timestamp", &error))?;
        put(&mut text, date, number);
    }
    Ok(text)
}

/// A feed of scored news.
#[derive(Deserialize)]
struct News {
    feed: Vec<Article>,
}

/// An article of it.
#[derive(Deserialize)]
struct Article {
    time_published: String,
    overall_sentiment_score: f64,
}

fn news(path: &Path) -> Result<String, Failure> {
    let input = Input::read(path)?;
    let refused =
        |what: &dyn std::fmt::Display| Failure::error(format_args!("{}: {what}", input.name));
    let news: News = serde_json::from_slice(&input.bytes).map_err(|error| refused(&error))?;
    let mut days: BTreeMap<String, (f64, u32)> = BTreeMap::new();
    for article in &news.feed {
        let time = &article.time_published;
        let (year, month, day) = (time.get(..4), time.get(4..6), time.get(6..8));
        let (Some(year), Some(month), Some(day)) = (year, month, day) else {
            let message = format!("`time_published` \"{time}\" must begin as 20260517");
            return Err(refused(&message));
        };
        let sums = days.entry(format!("{year}-{month}-{day}")).or_default();
        sums.0 += article.overall_sentiment_score;
        sums.1 += 1;
    }
    let mut text = String::new();
    for (day, (sum, count)) in days {
        put(&mut text, &day, sum / f64::from(count));
    }
    Ok(text)
}

fn put(text: &mut String, date: &str, value: f64) {
    let date = serde_json::Value::from(date);
    // Writing into a string does not fail.
    let _ = write!(text, "{{date: {date}, value: {value:?}}}, ");
}

#[cfg(test)]
mod tests {
    use super::FILE_KEYS;
    use crate::settings::{self, ConfigFiles};
    use jiff::civil::date;
    use std::path::{Path, PathBuf};
    use systems::macro_overlay::MacroConfig;
    use systems::macro_overlay::regime::regime;

    fn named(files: &[(&str, &Path)]) -> (tempfile::TempDir, ConfigFiles) {
        let folder = tempfile::tempdir().unwrap();
        let yaml = folder.path().join("over.yaml");
        let mut text = "macro: {series: {".to_owned();
        for (series, file) in files {
            text.push_str(&format!("{series}: {{file: {:?}}}, ", file.display()));
        }
        text.push_str("}}\n");
        std::fs::write(&yaml, text).unwrap();
        let files = ConfigFiles { files: vec![yaml] };
        (folder, files)
    }

    fn written(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    #[test]
    fn rows_are_in_the_config_and_in_what_a_journal_holds() {
        let (_csv, path) = written(
            "yield.csv",
            "timestamp,value\n2026-03-03,4.25\n2026-03-02,.\n2026-02-27,4.5\n",
        );
        let (_folder, files) = named(&[("long_yield", &path)]);
        let mut config = settings::load(&files, None).unwrap();
        let mut again = settings::from_text(&settings::as_text(&config)).unwrap();
        for config in [&mut config, &mut again] {
            let section: MacroConfig = config.section().unwrap();
            let rows = &section.series.long_yield.rows;
            let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
            assert_eq!(values, [4.25, 4.5]);
            assert_eq!(rows[0].date.0, date(2026, 3, 3));
            assert!(section.series.policy_rate.rows.is_empty());
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let told = |name: &str, text: &str| {
            let (_folder, path) = written(name, text);
            let (_yaml, files) = named(&[("sentiment", &path)]);
            match settings::load(&files, None) {
                Err(failure) => failure.to_string(),
                Ok(mut config) => config.section::<MacroConfig>().unwrap_err().show(),
            }
        };
        let column = told("x.csv", "date,value\n2026-03-02,1\n");
        assert!(column.contains("macro.series.sentiment.file"), "{column}");
        assert!(column.contains("column `timestamp` is missing"), "{column}");
        let number = told("x.csv", "timestamp,value\n2026-03-02,high\n");
        assert!(number.contains("x.csv:2: `value` \"high\""), "{number}");
        let twice = told("x.csv", "timestamp,value\n2026-03-02,1\n2026-03-02,2\n");
        assert!(
            twice.contains("x.csv:3") && twice.contains("must be there once"),
            "{twice}"
        );
        let no_day = told("x.csv", "timestamp,value\nMarch,1\n");
        assert!(
            no_day.contains("x.csv:2") && no_day.contains("must be a day"),
            "{no_day}"
        );
        let no_feed = told("x.json", "{\"Information\": \"artificial\"}");
        assert!(no_feed.contains("feed"), "{no_feed}");
        let time = told(
            "x.json",
            "{\"feed\": [{\"time_published\": \"now\", \"overall_sentiment_score\": 0.1}]}",
        );
        assert!(time.contains("\"now\" must begin as"), "{time}");
    }

    #[test]
    fn recorded_answers_give_a_score() {
        let Some(data) = std::env::var_os("ALPHATRADER_DATA") else {
            return;
        };
        let folder = PathBuf::from(data).join("alpha_vantage/demo_2026-05-17");
        let [rate, yields, news] = [
            "FEDERAL_FUNDS_RATE_e4372b7a.csv",
            "TREASURY_YIELD_a4d134a9.csv",
            "NEWS_SENTIMENT_37784e1e.json",
        ]
        .map(|name| folder.join(name));
        let (_folder, files) = named(&[
            ("policy_rate", &rate),
            ("long_yield", &yields),
            ("sentiment", &news),
        ]);
        let section: MacroConfig = settings::load(&files, None).unwrap().section().unwrap();
        let series = section.series();
        let found = regime(&series, date(2026, 5, 18), section.change_days);
        // 3.64 in April, published in May, as in January; a yield that rose from 4.21 to 4.32.
        assert_eq!(found.parts[0].input, Some(0.0));
        assert!(found.parts[1].input.unwrap() > 0.0);
        assert!(found.parts[5].value.unwrap() > 0.0, "news of 17 May");
        // On the day itself its news are not known yet.
        let before = regime(&series, date(2026, 4, 20), section.change_days);
        assert_eq!(before.parts[5].input, None);
        assert!(FILE_KEYS[1].contains("short_yield"));
    }
}
