//! The file of daily closes that a config names becomes part of the config, so that a journal holds
//! it and a replay needs no file.

use crate::exit::{Exit, Failure};
use crate::input::{Input, Table};
use std::fmt::Write as _;
use std::path::Path;

/// The key that names the file.
pub const FILE_KEY: &str = "risk.daily_closes.file";

/// The config layer of the file at `path`: a CSV with the columns `symbol`, `date` and `close`.
/// Each row stands on the line that it has in the file, so that what is wrong with it is told with
/// that line.
///
/// # Errors
/// If the file cannot be read, lacks a column, or has a close that is no number.
pub fn layer(path: &Path) -> Result<String, Failure> {
    read(path).map_err(|failure| Failure::new(Exit::Config, format_args!("{FILE_KEY}: {failure}")))
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut table = Table::open(Input::read(path)?)?;
    let [symbol, date, close] = table.columns(["symbol", "date", "close"])?;
    let mut text = "risk: {daily_closes: {rows: [".to_owned();
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
        let cell = |name, column| {
            let text = row.text(column).map_err(|error| at(name, &error))?;
            Ok::<_, Failure>(serde_json::Value::from(text))
        };
        let price = row.number(close).map_err(|error| at("close", &error))?;
        if !price.is_finite() {
            return Err(at("close", &format_args!("was {price}, must be finite")));
        }
        let (symbol, date) = (cell("symbol", symbol)?, cell("date", date)?);
        // Writing into a string does not fail.
        let _ = write!(
            text,
            "{{symbol: {symbol}, date: {date}, close: {price:?}}}, "
        );
    }
    text.push_str("]}}\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use crate::settings::{self, ConfigFiles};
    use systems::risk::RiskConfig;

    fn written(text: &str) -> (tempfile::TempDir, ConfigFiles) {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("closes.csv");
        std::fs::write(&csv, text).unwrap();
        let yaml = folder.path().join("over.yaml");
        let named = format!("risk: {{daily_closes: {{file: {:?}}}}}\n", csv.display());
        std::fs::write(&yaml, named).unwrap();
        let files = ConfigFiles { files: vec![yaml] };
        (folder, files)
    }

    #[test]
    fn the_rows_of_the_file_are_in_the_config_and_in_what_a_journal_holds() {
        let text = "date,symbol,close\n2025-09-12,SPY,657.41\n\n2025-09-15,SPY,660.91\n";
        let (_folder, files) = written(text);
        let mut config = settings::load(&files, None).unwrap();
        let mut again = settings::from_text(&settings::as_text(&config)).unwrap();
        for config in [&mut config, &mut again] {
            let section: RiskConfig = config.section().unwrap();
            let rows = section.daily_closes.rows;
            assert_eq!(rows.len(), 2);
            assert_eq!(rows[1].symbol.as_str(), "SPY");
            assert_eq!(rows[1].date.0.to_string(), "2025-09-15");
            assert!((rows[1].close - 660.91).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_wrong_with_a_row_is_told_with_its_line() {
        let told = |text: &str| {
            let (_folder, files) = written(text);
            match settings::load(&files, None) {
                Err(failure) => failure.to_string(),
                Ok(mut config) => config.section::<RiskConfig>().unwrap_err().show(),
            }
        };
        let missing = told("symbol,day,close\nSPY,2025-09-12,1\n");
        assert!(missing.contains("column `date` is missing"), "{missing}");
        let no_number = told("symbol,date,close\nSPY,2025-09-12,1\nSPY,2025-09-15,x\n");
        assert!(
            no_number.contains("closes.csv:3: `close` \"x\""),
            "{no_number}"
        );
        let saturday = told("symbol,date,close\nSPY,2025-09-12,1\nSPY,2025-09-13,1\n");
        assert!(saturday.contains("closes.csv:3"), "{saturday}");
        assert!(saturday.contains("must be a session"), "{saturday}");
        let twice = told("symbol,date,close\nSPY,2025-09-12,1\nSPY,2025-09-12,1\n");
        assert!(twice.contains("must be there once for SPY"), "{twice}");
        let no_day = told("symbol,date,close\nSPY,12.9.2025,1\n");
        assert!(no_day.contains("must be a day such as"), "{no_day}");
    }
}
