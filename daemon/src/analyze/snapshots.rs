//! `analyze snapshots`: peak, walls and flip of recorded gamma exposure by strike, by our kernels from
//! the recorded gammas and open interest, and held against what the archive's maker computed.
//!
//! Its walls are the largest call gamma above the spot and the most negative put gamma below it. Its flip
//! is the last strike at which the sum over rising strikes changes sign, over all strikes of the day; a
//! profile is cut at 2 % of the spot, so what was cut, the summary's net less the profile's, is put
//! below the lowest strike, where nearly all of it is.

/// The files of the archive.
mod archive;

use super::Complaints;
use crate::cli::General;
use crate::exit::Failure;
use crate::output::{self, Cell, Format, Rows, shortest};
use archive::{AtStrike, Profile, Summary, SummaryRow};
use components::contract::Right;
use components::exposure::ExposureWeight;
use components::greeks::Sensitivity;
use components::units::Price;
use std::path::PathBuf;
use systems::exposure::levels::{ExposureRow, StrikeSums, by_strike, levels, sort_rows};
use systems::exposure::sums::exposure_sums;

/// The arguments of `analyze snapshots`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze snapshots options_intraday/spx_0dte_gex | head
  alphatrader analyze snapshots options_intraday/spx_0dte_gex --score

Input:          a folder with summary.csv (date, time, spot, net, peak_strike, call_wall, put_wall,
                gamma_flip) and, for each of its rows, profile/DATE_HHMM.csv: a line `# spot=…`, then
                strike, cg, pg (USD of delta per 1 %, puts negative), coi, poi, cvol, pvol
Output columns: date, time, status, spot, strikes, net_gex_usd_per_pct,
                net_gex_by_volume_usd_per_pct, peak_strike, peak_strike_by_volume, call_wall,
                put_wall, gamma_flip
Status:         ok (has values); no_gamma, no_interest, spot_differs (refused)
With --score:   field, rows, equal, differing, not_comparable, refused, where

gamma_flip is the strike after the crossing nearest to the spot; scored is that after the highest
crossing, as in the archive, where it lies within the strikes of the profile.")]
pub struct Args {
    /// The folder of the archive
    pub folder: PathBuf,
    /// Prints how often we find what the archive's maker found, instead of the snapshots
    #[arg(long)]
    pub score: bool,
}

/// What we find in a snapshot. Money in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Found {
    net: f64,
    net_by_volume: f64,
    peak: Option<Price>,
    peak_by_volume: Option<Price>,
    call_wall: Option<Price>,
    put_wall: Option<Price>,
    /// The first strike at or above the crossing nearest to the spot.
    flip: Option<Price>,
    /// The same of the highest crossing.
    highest_flip: Option<Price>,
}

/// Why a snapshot is not believed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
enum Refused {
    #[error("no contract has gamma: the feed had not filled yet, or stood still")]
    NoGamma,
    #[error("no contract has open interest")]
    NoInterest,
    #[error("the spot is {profile} in the profile and {summary} in the summary, must be the same")]
    SpotDiffers { profile: f64, summary: f64 },
}

impl Refused {
    fn name(self) -> &'static str {
        match self {
            Self::NoGamma => "no_gamma",
            Self::NoInterest => "no_interest",
            Self::SpotDiffers { .. } => "spot_differs",
        }
    }
}

/// Looks at every snapshot of the archive, or scores.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    let mut summary = Summary::open(&arguments.folder)?;
    let mut complaints = Complaints::about(&summary.table);
    let mut looked_at = Vec::new();
    while let Some(row) = summary.next_row()? {
        let profile = archive::profile(&arguments.folder, &row)?;
        let found = look(&profile, &row);
        if let Err(reason) = &found {
            complaints.tell(
                row.line,
                &format_args!("{} {} is refused: {reason}", row.date, row.time),
            );
        }
        looked_at.push((row, profile, found));
    }
    if looked_at.is_empty() {
        let name = summary.table.name();
        return Err(Failure::error(format_args!(
            "{name} has no rows, must have one for each snapshot"
        )));
    }
    if arguments.score {
        return print_score(&looked_at, general.format_or(Format::Table));
    }
    print_snapshots(&looked_at, general.format_or(Format::Csv))
}

type LookedAt = (SummaryRow, Profile, Result<Found, Refused>);

fn look(profile: &Profile, summary: &SummaryRow) -> Result<Found, Refused> {
    let strikes = &profile.strikes;
    if (profile.spot - summary.spot).abs() > 1e-9 * summary.spot {
        return Err(Refused::SpotDiffers {
            profile: profile.spot,
            summary: summary.spot,
        });
    }
    if strikes
        .iter()
        .all(|at| at.call_interest + at.put_interest == 0.0)
    {
        return Err(Refused::NoInterest);
    }
    if strikes
        .iter()
        .all(|at| at.call_gex == 0.0 && at.put_gex == 0.0)
    {
        return Err(Refused::NoGamma);
    }
    let spot = profile.spot;
    let (net, table) = exposure(spot, strikes, |at| (at.call_interest, at.put_interest));
    let (net_by_volume, by_volume) = exposure(spot, strikes, |at| (at.call_volume, at.put_volume));
    let price = Price::from_dollars(spot).unwrap_or_default();
    let below = table.partition_point(|sums| sums.gamma.strike < price);
    let above = table.partition_point(|sums| sums.gamma.strike <= price);
    let highest = table.last().map_or(price, |sums| sums.gamma.strike);
    let of = |table: &[StrikeSums]| levels(table, price, 1).unwrap_or_default();
    Ok(Found {
        net,
        net_by_volume,
        peak: of(&table).max_abs_gamma_strike,
        peak_by_volume: of(&by_volume).max_abs_gamma_strike,
        call_wall: of(&table[above..]).call_wall,
        put_wall: of(&table[..below]).put_wall,
        flip: flip(&table, price, summary.net - net),
        highest_flip: flip(&table, highest, summary.net - net),
    })
}

/// The net of the strikes, and their table, each gamma weighed with the contracts that `count` gives of
/// calls and puts.
fn exposure(
    spot: f64,
    strikes: &[AtStrike],
    count: impl Fn(&AtStrike) -> (f64, f64),
) -> (f64, Vec<StrikeSums>) {
    let mut sensitivity = Vec::new();
    let mut weights = Vec::new();
    let mut rows = Vec::new();
    for at in strikes {
        let (calls, puts) = count(at);
        for (right, gex, interest, contracts) in [
            (Right::Call, at.call_gex, at.call_interest, calls),
            (Right::Put, at.put_gex, at.put_interest, puts),
        ] {
            if interest == 0.0 {
                continue;
            }
            // The recorded number is gamma x interest x 100 shares x spot^2 x 0.01.
            let gamma = gex.abs() / (interest * spot * spot);
            let weight = right.phi() * contracts * 100.0;
            sensitivity.push(Sensitivity { delta: 0.0, gamma });
            weights.push(ExposureWeight(weight));
            rows.push(ExposureRow {
                strike: at.strike,
                expiry: 0,
                right,
                gex_usd_per_pct: gamma * weight * spot * spot * 0.01,
                dex_usd: 0.0,
            });
        }
    }
    sort_rows(&mut rows);
    let mut table = Vec::new();
    by_strike(&rows, &mut table);
    let sums = exposure_sums(&sensitivity, &weights);
    (sums.gex_usd_per_pct(spot), table)
}

/// The first strike at or above the crossing of the running sum that is nearest to `near`, with `cut`
/// summed before the lowest.
fn flip(table: &[StrikeSums], near: Price, cut: f64) -> Option<Price> {
    let [first, second, ..] = table else {
        return None;
    };
    let (first, gap) = (
        first.gamma.strike,
        second.gamma.strike.0 - first.gamma.strike.0,
    );
    let mut whole = vec![StrikeSums::default()];
    whole[0].gamma.strike = Price(first.0 - gap);
    whole[0].gamma.put_usd_per_pct = cut;
    whole[0].contracts = 1;
    whole.extend_from_slice(table);
    let crossing = levels(&whole, near, 1)?.zero_gamma_strike_interp?;
    let mut strikes = table.iter().map(|sums| sums.gamma.strike);
    strikes.find(|strike| strike.dollars() >= crossing)
}

fn print_snapshots(looked_at: &[LookedAt], format: Format) -> Result<(), Failure> {
    let columns = [
        "date",
        "time",
        "status",
        "spot",
        "strikes",
        "net_gex_usd_per_pct",
        "net_gex_by_volume_usd_per_pct",
        "peak_strike",
        "peak_strike_by_volume",
        "call_wall",
        "put_wall",
        "gamma_flip",
    ];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for (row, profile, found) in looked_at {
        let mut cells = [Cell::Missing; 12];
        cells[0] = Cell::Text(&row.date);
        cells[1] = Cell::Text(&row.time);
        cells[3] = Cell::Number(profile.spot);
        cells[4] = Cell::Count(profile.strikes.len() as u64);
        let dollars = |price: Option<Price>| Cell::optional(price.map(Price::dollars));
        match found {
            Err(reason) => cells[2] = Cell::Text(reason.name()),
            Ok(found) => {
                cells[2] = Cell::Text("ok");
                cells[5] = Cell::Number(found.net);
                cells[6] = Cell::Number(found.net_by_volume);
                cells[7] = dollars(found.peak);
                cells[8] = dollars(found.peak_by_volume);
                cells[9] = dollars(found.call_wall);
                cells[10] = dollars(found.put_wall);
                cells[11] = dollars(found.flip);
            }
        }
        rows.row(&cells)?;
    }
    rows.finish()
}

/// How one field fares over all snapshots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Line {
    equal: u64,
    not_comparable: u64,
    refused: u64,
    differing: Vec<String>,
}

impl Line {
    fn of(
        looked_at: &[LookedAt],
        compare: impl Fn(&Profile, &Found, &SummaryRow) -> Comparison,
    ) -> Self {
        let mut line = Self::default();
        for (row, profile, found) in looked_at {
            match found {
                Err(_) => line.refused += 1,
                Ok(found) => match compare(profile, found, row) {
                    Comparison::Equal => line.equal += 1,
                    Comparison::NotComparable => line.not_comparable += 1,
                    Comparison::Differing(ours, theirs) => {
                        let ours = ours.map_or_else(|| "none".to_owned(), shortest);
                        let theirs = shortest(theirs);
                        let at = format!("{} {}: {ours}, not {theirs}", row.date, row.time);
                        line.differing.push(at);
                    }
                },
            }
        }
        line
    }
}

enum Comparison {
    Equal,
    /// Ours and theirs.
    Differing(Option<f64>, f64),
    /// They have none, or it lies where the profile does not reach.
    NotComparable,
}

fn same_strike(ours: Option<Price>, theirs: Option<Price>) -> Comparison {
    match theirs {
        None => Comparison::NotComparable,
        Some(theirs) if ours == Some(theirs) => Comparison::Equal,
        Some(theirs) => Comparison::Differing(ours.map(Price::dollars), theirs.dollars()),
    }
}

fn print_score(looked_at: &[LookedAt], format: Format) -> Result<(), Failure> {
    let lines = [
        (
            "peak_strike",
            Line::of(looked_at, |_, found, row| same_strike(found.peak, row.peak)),
        ),
        (
            "call_wall",
            Line::of(looked_at, |_, found, row| {
                same_strike(found.call_wall, row.call_wall)
            }),
        ),
        (
            "put_wall",
            Line::of(looked_at, |_, found, row| {
                same_strike(found.put_wall, row.put_wall)
            }),
        ),
        (
            "gamma_flip",
            Line::of(looked_at, |profile, found, row| {
                let inside = row.flip.filter(|flip| profile.reaches(*flip));
                same_strike(found.highest_flip, inside)
            }),
        ),
        (
            "profile_net",
            Line::of(looked_at, |profile, found, _| {
                let theirs = profile.total();
                // Each total was rounded to a dollar.
                if (found.net - theirs).abs() <= profile.strikes.len() as f64 {
                    Comparison::Equal
                } else {
                    Comparison::Differing(Some(found.net), theirs)
                }
            }),
        ),
    ];
    let columns = [
        "field",
        "rows",
        "equal",
        "differing",
        "not_comparable",
        "refused",
        "where",
    ];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for (field, line) in &lines {
        rows.row(&[
            Cell::Text(field),
            Cell::Count(looked_at.len() as u64),
            Cell::Count(line.equal),
            Cell::Count(line.differing.len() as u64),
            Cell::Count(line.not_comparable),
            Cell::Count(line.refused),
            Cell::Text(&line.differing.join("; ")),
        ])?;
    }
    rows.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(dollars: i64, call_gex: f64, put_gex: f64) -> AtStrike {
        AtStrike {
            strike: Price(dollars * 10_000),
            call_gex,
            put_gex,
            total: call_gex + put_gex,
            call_interest: 10.0,
            put_interest: 20.0,
            call_volume: 30.0,
            put_volume: 20.0,
        }
    }

    fn summary(net: f64) -> SummaryRow {
        SummaryRow {
            line: 2,
            date: String::new(),
            time: String::new(),
            spot: 100.0,
            net,
            peak: None,
            call_wall: None,
            put_wall: None,
            flip: None,
        }
    }

    fn profile(strikes: Vec<AtStrike>) -> Profile {
        Profile {
            spot: 100.0,
            strikes,
        }
    }

    #[test]
    fn walls_lie_on_their_own_side_of_the_spot_and_volume_weighs_anew() {
        let strikes = vec![
            at(90, 900.0, -10.0),
            at(95, 1.0, -400.0),
            at(105, 70.0, -999.0),
            at(110, 60.0, 0.0),
        ];
        let net: f64 = strikes.iter().map(|at| at.total).sum();
        let found = look(&profile(strikes), &summary(net)).unwrap();
        let dollars = |price: Option<Price>| price.map(Price::dollars);
        assert_eq!(dollars(found.call_wall), Some(105.0));
        assert_eq!(dollars(found.put_wall), Some(95.0));
        assert_eq!(dollars(found.peak), Some(105.0));
        assert!((found.net - net).abs() < 1e-9);
        // Calls trade thrice their open interest, puts once.
        assert!((found.net_by_volume - (3.0 * 1031.0 - 1409.0)).abs() < 1e-9);
        assert_eq!(dollars(found.peak_by_volume), Some(90.0));
    }

    #[test]
    fn what_was_cut_is_summed_before_the_lowest_strike() {
        let strikes = vec![at(95, 5.0, 0.0), at(105, 5.0, 0.0)];
        let with_cut = |cut: f64| {
            let found = look(&profile(strikes.clone()), &summary(10.0 + cut)).unwrap();
            found.flip.map(Price::dollars)
        };
        assert_eq!(with_cut(0.0), None);
        assert_eq!(with_cut(-3.0), Some(95.0));
        assert_eq!(with_cut(-7.0), Some(105.0));
        assert_eq!(with_cut(-11.0), None);
    }

    #[test]
    fn a_snapshot_that_cannot_be_believed_is_refused() {
        let refused = |profile: Profile| look(&profile, &summary(0.0)).unwrap_err();
        assert_eq!(refused(profile(vec![at(100, 0.0, 0.0)])), Refused::NoGamma);
        let nothing = AtStrike {
            call_interest: 0.0,
            put_interest: 0.0,
            ..at(100, 0.0, 0.0)
        };
        assert_eq!(refused(profile(vec![nothing])), Refused::NoInterest);
        let elsewhere = Profile {
            spot: 101.0,
            strikes: vec![at(100, 1.0, 0.0)],
        };
        assert_eq!(refused(elsewhere).name(), "spot_differs");
    }
}
