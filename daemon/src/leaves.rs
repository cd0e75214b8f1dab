//! A document as rows of key and value: what a person or a spreadsheet reads instead of JSON.

use crate::exit::Failure;
use crate::output::{Cell, Format, Rows, shortest};
use serde::Serialize;
use std::io::Write;

/// Writes every value of `document` beside its path.
///
/// # Errors
/// If `out` cannot be written.
pub fn rows(out: impl Write, document: &impl Serialize, format: Format) -> Result<(), Failure> {
    let mut rows = Rows::begin(out, format, &["key", "value"])?;
    let document = serde_json::to_value(document)?;
    let mut leaves = Vec::new();
    flatten("", &document, &mut leaves);
    for (key, value) in leaves {
        rows.row(&[Cell::Text(&key), Cell::Right(&value)])?;
    }
    rows.finish()
}

fn flatten(path: &str, value: &serde_json::Value, leaves: &mut Vec<(String, String)>) {
    let text = match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                let dot = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{dot}{key}"), value, leaves);
            }
            return;
        }
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Number(number) => {
            number.as_f64().map_or_else(|| number.to_string(), shortest)
        }
        other => other.to_string(),
    };
    leaves.push((path.to_owned(), text));
}
