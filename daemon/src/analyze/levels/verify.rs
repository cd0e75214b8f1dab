//! The levels of a chain against a second count of it, field by field.

use super::recount::Recount;
use super::report::Report;
use crate::exit::{Exit, Failure};
use crate::output::{self, Cell, Format, Rows, counted, shortest};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;

/// How far two counts may lie apart, relative to the larger.
const TOLERANCE: f64 = 1e-9;

/// A sum whose parts nearly cancel is held against this share of their absolute sum: what is left of
/// them has lost as many digits.
const CANCELLED: f64 = 1e-4;

/// Names told in the last sentence.
const TOLD_MAX: usize = 5;

/// Every field with both counts.
#[derive(Debug, Serialize)]
pub(super) struct Verification {
    symbol: String,
    as_of: Option<String>,
    tolerance: f64,
    equal: bool,
    fields: Vec<Field>,
}

/// A value, or the worst of many of a kind.
#[derive(Debug, Serialize)]
struct Field {
    field: String,
    engine: Option<f64>,
    recomputed: Option<f64>,
    relative_difference: Option<f64>,
    equal: bool,
    /// Values of this kind that were compared.
    compared: usize,
}

impl Field {
    /// Two counts; `gross` is the absolute sum of what they are made of.
    fn new(field: String, engine: Option<f64>, recomputed: Option<f64>, gross: f64) -> Self {
        let difference = engine.zip(recomputed).map(|(a, b)| {
            let scale = a.abs().max(b.abs()).max(CANCELLED * gross);
            if a.to_bits() == b.to_bits() || scale == 0.0 {
                0.0
            } else {
                (a - b).abs() / scale
            }
        });
        Self {
            field,
            engine,
            recomputed,
            relative_difference: difference,
            equal: match difference {
                // What is no number is no agreement.
                Some(difference) => difference <= TOLERANCE,
                None => engine.is_none() && recomputed.is_none(),
            },
            compared: 1,
        }
    }

    /// How bad it is: absent on one side is worse than any number.
    fn badness(&self) -> f64 {
        match self.relative_difference {
            Some(difference) if difference.is_finite() => difference,
            None if self.equal => 0.0,
            _ => f64::INFINITY,
        }
    }
}

impl Verification {
    /// Holds `report` against `recount`.
    pub(super) fn of(report: &Report, recount: &Recount) -> Self {
        let mut fields = Vec::new();
        totals(&mut fields, report, recount);
        levels(&mut fields, report, recount);
        tables(&mut fields, report, recount);
        Self {
            symbol: report.symbol.clone(),
            as_of: report.as_of.clone(),
            tolerance: TOLERANCE,
            equal: fields.iter().all(|field| field.equal),
            fields,
        }
    }

    /// Writes it; an error that says which fields differ, if any does.
    pub(super) fn write(&self, format: Format) -> Result<(), Failure> {
        let mut out = output::stdout();
        if format == Format::Json {
            output::json_document(&mut out, self)?;
        } else {
            self.rows(&mut out, format)?;
        }
        out.flush()?;
        let different = self.different();
        if different.is_empty() {
            return Ok(());
        }
        let more = different.len().saturating_sub(TOLD_MAX);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let told = different.iter().take(TOLD_MAX).copied();
        let message = format!(
            "{} of {} counted twice differ: {}{more}",
            different.len(),
            counted(self.fields.len() as u64, "field"),
            told.collect::<Vec<_>>().join(", ")
        );
        Err(Failure::new(Exit::Error, message))
    }

    fn rows(&self, out: impl Write, format: Format) -> Result<(), Failure> {
        let columns = ["field", "engine", "recomputed", "difference", "verdict"];
        let mut rows = Rows::begin(out, format, &columns)?;
        for field in &self.fields {
            let name = match field.compared {
                1 => field.field.clone(),
                compared => format!("{} (the worst of {compared})", field.field),
            };
            let value = |value: Option<f64>| value.map_or("none".to_owned(), shortest);
            let difference = field.relative_difference;
            rows.row(&[
                Cell::Text(&name),
                Cell::Right(&value(field.engine)),
                Cell::Right(&value(field.recomputed)),
                Cell::Right(&difference.map_or(String::new(), |found| format!("{found:.1e}"))),
                Cell::Text(if field.equal { "equal" } else { "DIFFERS" }),
            ])?;
        }
        rows.finish()
    }

    fn different(&self) -> Vec<&str> {
        let different = self.fields.iter().filter(|field| !field.equal);
        different.map(|field| field.field.as_str()).collect()
    }
}

fn totals(fields: &mut Vec<Field>, report: &Report, recount: &Recount) {
    // The engine leaves sums out where it has no contracts to sum: the reason is in its report.
    let present = report.net_gex_usd_per_pct.is_some();
    let known = |value: f64| present.then_some(value);
    let gross = recount.sums.call.abs() + recount.sums.put.abs();
    let count = |count: usize| Some(count as f64);
    let mut add = |field: &str, engine, recomputed, gross| {
        fields.push(Field::new(field.to_owned(), engine, recomputed, gross));
    };
    add("spot", Some(report.spot), Some(recount.spot), 0.0);
    add(
        "contracts",
        count(report.contracts),
        count(recount.contracts),
        0.0,
    );
    add(
        "included",
        count(report.included),
        count(recount.included),
        0.0,
    );
    let sums = recount.sums;
    for (field, engine, recomputed, gross) in [
        (
            "call_gex_usd_per_pct",
            report.call_gex_usd_per_pct,
            sums.call,
            0.0,
        ),
        (
            "put_gex_usd_per_pct",
            report.put_gex_usd_per_pct,
            sums.put,
            0.0,
        ),
        (
            "net_gex_usd_per_pct",
            report.net_gex_usd_per_pct,
            sums.net(),
            gross,
        ),
        (
            "net_gex_first_expiry_usd_per_pct",
            report.net_gex_first_expiry_usd_per_pct,
            recount.first_expiry,
            gross,
        ),
        ("dex_usd", report.dex_usd, recount.dex, recount.gross_dex),
    ] {
        add(field, engine, known(recomputed), gross);
    }
}

fn levels(fields: &mut Vec<Field>, report: &Report, recount: &Recount) {
    let dollars = |strike: Option<i64>| strike.map(|strike| strike as f64 / 1e4);
    let both = |strike: i64| recount.by_strike.get(&strike).copied().unwrap_or_default();
    type Size<'a> = &'a dyn Fn(i64) -> f64;
    let levels: [(&str, Option<f64>, Option<i64>, Size<'_>); 3] = [
        ("call_wall", report.call_wall, recount.call_wall, &|at| {
            both(at).call
        }),
        ("put_wall", report.put_wall, recount.put_wall, &|at| {
            -both(at).put
        }),
        (
            "max_abs_gamma_strike",
            report.max_abs_gamma_strike,
            recount.max_abs_gamma_strike,
            &|at| both(at).net().abs(),
        ),
    ];
    for (name, engine, found, size) in levels {
        let mut field = Field::new(name.to_owned(), engine, dollars(found), 0.0);
        // Two strikes that are equally large but for rounding: the order of a sum chooses.
        if let (false, Some(engine), Some(found)) = (field.equal, engine, found) {
            let (ours, theirs) = (size(tick_of(engine)), size(found));
            field.equal = (ours - theirs).abs() <= TOLERANCE * theirs.abs();
        }
        fields.push(field);
    }
    let zero = Field::new(
        "zero_gamma".to_owned(),
        report.zero_gamma,
        recount.zero_gamma,
        0.0,
    );
    fields.push(zero);
    let engine = &report.zero_gamma_roots;
    for place in 0..engine.len().max(recount.roots.len()) {
        let (engine, recomputed) = (engine.get(place), recount.roots.get(place));
        let name = format!("zero_gamma_roots[{place}]");
        fields.push(Field::new(name, engine.copied(), recomputed.copied(), 0.0));
    }
}

fn tables(fields: &mut Vec<Field>, report: &Report, recount: &Recount) {
    let mut strikes: BTreeMap<i64, [Option<f64>; 4]> = BTreeMap::new();
    for (strike, both) in &recount.by_strike {
        let both = [None, Some(both.call), None, Some(both.put)];
        strikes.insert(*strike, both);
    }
    for at in &report.by_strike {
        let both = strikes.entry(tick_of(at.strike)).or_default();
        (both[0], both[2]) = (Some(at.call), Some(at.put));
    }
    for (kind, place) in [("call", 0), ("put", 2)] {
        let all = strikes.iter().map(|(strike, both)| {
            let name = format!("by_strike.{kind} {}", shortest(*strike as f64 / 1e4));
            Field::new(name, both[place], both[place + 1], 0.0)
        });
        summarized(fields, all.collect());
    }
    let mut expiries: BTreeMap<String, (Option<f64>, Option<f64>, f64)> = BTreeMap::new();
    for (expiry, both) in &recount.by_expiry {
        let (year, month, day) = (expiry / 10_000, expiry / 100 % 100, expiry % 100);
        let gross = both.call.abs() + both.put.abs();
        let entry = (None, Some(both.net()), gross);
        expiries.insert(format!("{year:04}-{month:02}-{day:02}"), entry);
    }
    for at in &report.by_expiry {
        expiries.entry(at.expiry.clone()).or_default().0 = Some(at.net);
    }
    let all = expiries
        .into_iter()
        .map(|(expiry, (engine, recomputed, gross))| {
            Field::new(format!("by_expiry {expiry}"), engine, recomputed, gross)
        });
    summarized(fields, all.collect());
}

/// Adds every field that differs, or else the worst of all.
fn summarized(fields: &mut Vec<Field>, all: Vec<Field>) {
    let compared = all.len();
    if all.iter().any(|field| !field.equal) {
        fields.extend(all.into_iter().filter(|field| !field.equal));
        return;
    }
    let worst = all
        .into_iter()
        .max_by(|a, b| a.badness().total_cmp(&b.badness()));
    fields.extend(worst.map(|worst| Field { compared, ..worst }));
}

/// A price in ten-thousandths of a dollar.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a strike that was read as such a number"
)]
fn tick_of(dollars: f64) -> i64 {
    (dollars * 1e4).round() as i64
}

#[cfg(test)]
mod tests;
