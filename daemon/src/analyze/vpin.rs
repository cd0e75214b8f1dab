//! `analyze vpin`: volume buckets and VPIN of a tape of trades.

/// VPIN of several sessions, and what came after it.
mod score;

use super::tape::{self, Tape};
use crate::cli::General;
use crate::exit::{Exit, Failure};
use crate::input::Input;
use crate::output::{self, Cell, Format, Rows};
use clap::ValueEnum;
use components::units::NANOS_PER_SECOND;
use std::path::PathBuf;
use systems::vpin::bars::{BarClock, Trades};
use systems::vpin::bulk::{BulkParameters, BulkVpin, fill_with_whole_sample};
use systems::vpin::signed::{LeeReadyVpin, QuotedTrade, TickVpin};
use systems::vpin::volume_clock::{Bucket, ParameterError, VolumeClock};

/// The arguments of `analyze vpin`.
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  alphatrader analyze vpin tape.csv --bucket-volume 7386
  alphatrader analyze vpin ibm/20131007_trade.zip --quotes ibm/20131007_quote.zip \\
      --method lee_ready --bucket-volume 27297
  alphatrader analyze vpin ibm/20131007_trade.zip ibm/20131008_trade.zip \\
      --bucket-volume 27297 --score

Input columns:  t_ms (since the open), price, size, and for lee_ready bid, ask (the quote before
                the trade; 0 or crossed: none); or a LEAN trade tick zip, of which the regular
                session's regular prints count
Output columns: method, bucket, buy, sell, vpin (empty until the window is full)
With --score:   method, session, buckets, values, min, median, max, last; pairs,
                next_return_correlation of VPIN with the absolute return of the next --ahead
                buckets, and past_return_correlation of that of the buckets before with it")]
pub struct Args {
    /// The file, or - for stdin; with --score several sessions in order
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Shares of a bucket: a fiftieth of the average daily volume is usual
    #[arg(long, value_name = "N")]
    pub bucket_volume: u64,
    /// Buckets of the window
    #[arg(long, value_name = "N", default_value_t = 50)]
    pub window: usize,
    /// Seconds of a bar, for the bulk methods
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub bar_seconds: u32,
    /// How volume is told into bought and sold
    #[arg(long, value_enum, default_value = "bvc_causal")]
    pub method: Method,
    /// Bars that sigma looks back on, for bvc_causal
    #[arg(long, value_name = "N", default_value_t = 390)]
    pub sigma_window: usize,
    /// Bars before sigma is used, for bvc_causal
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub sigma_min: usize,
    /// A LEAN quote tick zip beside a LEAN trade tick zip, for lee_ready; with --score one for each
    #[arg(long, value_name = "FILE")]
    pub quotes: Vec<PathBuf>,
    /// Prints what VPIN was by each method, and what came after it, instead of the buckets
    #[arg(long)]
    pub score: bool,
    /// Buckets of the return that --score looks at
    #[arg(long, value_name = "N", default_value_t = 10, requires = "score")]
    pub ahead: usize,
}

/// How volume is told into bought and sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Method {
    /// By the bar's price change over the standard deviation of the changes before
    BvcCausal,
    /// The same over the standard deviation of the whole sample: looks ahead
    BvcFull,
    /// By the prevailing quote, at its midpoint by the tick rule
    LeeReady,
    /// By the change of the price
    Tick,
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Self::BvcCausal => "bvc_causal",
            Self::BvcFull => "bvc_full",
            Self::LeeReady => "lee_ready",
            Self::Tick => "tick",
        }
    }
}

/// Computes the buckets of a tape.
pub(super) fn run(arguments: &Args, general: &General) -> Result<(), Failure> {
    if arguments.score {
        return score::run(arguments, general.format_or(Format::Table));
    }
    let [file] = &arguments.files[..] else {
        let files = arguments.files.len();
        let message = format_args!("{files} files were given, must be 1 without --score");
        return Err(Failure::new(Exit::Usage, message));
    };
    let needs_quotes = arguments.method == Method::LeeReady;
    let input = Input::read(file)?.into_csv()?;
    let quotes = match &arguments.quotes[..] {
        [] => None,
        [path] => Some(Input::read(path)?.into_csv()?),
        more => {
            let message = format_args!("--quotes was given {} times, must be once", more.len());
            return Err(Failure::new(Exit::Usage, message));
        }
    };
    let tape = if tape::is_lean(&input) {
        if needs_quotes && quotes.is_none() {
            return Err(Failure::new(
                Exit::Usage,
                format_args!("--method lee_ready on {} needs --quotes FILE", input.name),
            ));
        }
        tape::read_lean(&input, quotes.as_ref())?
    } else {
        if let Some(quotes) = quotes {
            return Err(Failure::new(
                Exit::Usage,
                format_args!(
                    "--quotes {} goes with a LEAN trade tick zip, {} has its quotes in columns",
                    quotes.name, input.name
                ),
            ));
        }
        tape::read_csv(input, needs_quotes)?
    };
    let usage = |error: ParameterError| Failure::new(Exit::Usage, flag_error(error));
    let buckets = buckets(arguments, &tape).map_err(usage)?;
    let format = general.format_or(Format::Csv);
    let columns = ["method", "bucket", "buy", "sell", "vpin"];
    let mut rows = Rows::begin(output::stdout(), format, &columns)?;
    for bucket in &buckets {
        rows.row(&[
            Cell::Text(arguments.method.name()),
            Cell::Count(bucket.number),
            Cell::Number(bucket.buy),
            Cell::Number(bucket.sell),
            Cell::optional(bucket.vpin),
        ])?;
    }
    rows.finish()
}

fn buckets(arguments: &Args, tape: &Tape) -> Result<Vec<Bucket>, ParameterError> {
    let mut buckets = Vec::new();
    let mut emit = |bucket| buckets.push(bucket);
    let mut clock = VolumeClock::new(arguments.bucket_volume, arguments.window)?;
    let bar_nanos = i64::from(arguments.bar_seconds) * NANOS_PER_SECOND;
    let trades = Trades {
        times_ns: &tape.times_ns,
        prices: &tape.prices,
        sizes: &tape.sizes,
    };
    match arguments.method {
        Method::BvcCausal => {
            let parameters = BulkParameters {
                bar_nanos,
                sigma_bars: arguments.sigma_window,
                sigma_bars_min: arguments.sigma_min,
            };
            let mut vpin = BulkVpin::new(clock, parameters)?;
            vpin.start_session(tape.open, &mut emit);
            vpin.extend(trades, &mut emit);
            vpin.finish(&mut emit);
        }
        Method::BvcFull => {
            let mut bars = Vec::new();
            let mut cutter = BarClock::new(bar_nanos)?;
            cutter.start_session(tape.open);
            cutter.extend(trades, |bar| bars.push(bar));
            bars.extend(cutter.close());
            fill_with_whole_sample(&bars, &mut clock, &mut emit);
        }
        Method::LeeReady => {
            let quoted: Vec<QuotedTrade> = tape.quoted().collect();
            LeeReadyVpin::new(clock).extend(&quoted, &mut emit);
        }
        Method::Tick => TickVpin::new(clock).extend(&tape.prices, &tape.sizes, &mut emit),
    }
    Ok(buckets)
}

/// The error with the flag's name and unit in place of the kernel's.
fn flag_error(error: ParameterError) -> String {
    let ParameterError {
        field,
        found,
        least,
        most,
    } = error;
    let (flag, unit) = match field {
        "vpin.bucket_volume" => ("--bucket-volume", 1),
        "vpin.window_buckets" => ("--window", 1),
        "vpin.sigma_bars" => ("--sigma-window", 1),
        "vpin.sigma_bars_min" => ("--sigma-min", 1),
        "vpin.bar_nanos" => ("--bar-seconds", NANOS_PER_SECOND),
        other => (other, 1),
    };
    // A unit above 1 rounds the least value up: no bar is shorter than a second here.
    let least = (least + unit - 1) / unit;
    format!(
        "{flag} was {}, must be {least} to {}",
        found / unit,
        most / unit
    )
}
