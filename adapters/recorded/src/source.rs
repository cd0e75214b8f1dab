//! What a scenario says about recorded data, and the feeds that come of it.
//!
//! Folders and files are relative to the data root, or absolute.

use crate::cboe::Chain;
use crate::day::{Day, Moment};
use crate::error::Error;
use crate::feed::{BarTables, CboeChain, LeanBars, LeanOptionDay, LeanTicks, Lobster};
use crate::lobster::Messages;
use crate::table::{Record, Table};
use components::market::Ticker;
use engine::ports::Feed;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A recorded set, as an entry of a scenario's `recorded:`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// An option chain by the minute with its underlying.
    LeanOptionDay(OptionDayFiles),
    /// Trades and quotes of a stock, tick by tick.
    LeanTicks(TickFiles),
    /// Bars of a stock or an index.
    LeanBars(BarFiles),
    /// An order book, message by message.
    Lobster(LobsterFile),
    /// A chain at one moment.
    CboeChain(ChainFile),
}

/// `{dir}/options_minute/{date}_{kind}_{style}.zip` with `{dir}/underlying_minute/{date}_{kind}.zip`
/// or, for an index, `{dir}/index_minute/{date}_trade.zip`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionDayFiles {
    /// The folder.
    pub dir: PathBuf,
    /// The underlying: `SPX` for the root `SPXW`.
    pub underlying: Ticker,
    /// The day.
    pub date: Day,
}

/// `{dir}/{date}_quote.zip` and `{dir}/{date}_trade.zip`; one of them may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TickFiles {
    /// The folder.
    pub dir: PathBuf,
    /// The stock.
    pub symbol: Ticker,
    /// The day.
    pub date: Day,
}

/// `{dir}/{date}_quote.zip` and `{dir}/{date}_trade.zip`; one of them may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BarFiles {
    /// The folder.
    pub dir: PathBuf,
    /// The stock or index.
    pub symbol: Ticker,
    /// The day.
    pub date: Day,
    /// The length of a bar.
    pub every: Every,
    /// What the bars are of; a stock where it is left out.
    #[serde(default)]
    pub of: BarsOf,
}

/// The length of a bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Every {
    /// A second.
    #[serde(rename = "1s")]
    Second,
    /// A minute.
    #[serde(rename = "1m")]
    Minute,
}

impl Every {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> u32 {
        match self {
            Self::Second => 1,
            Self::Minute => 60,
        }
    }
}

/// What bars are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BarsOf {
    /// A stock: integer prices, New York time.
    #[default]
    Stock,
    /// An index: decimal levels, Chicago time, trade bars only.
    Index,
}

/// A zip of LOBSTER.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LobsterFile {
    /// The zip.
    pub file: PathBuf,
    /// The stock.
    pub symbol: Ticker,
    /// The day.
    pub date: Day,
    /// Levels of the order book: 1, 5 or 10.
    pub levels: u32,
}

/// A chain download of Cboe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainFile {
    /// The CSV.
    pub file: PathBuf,
    /// The underlying: `SPX` for the roots `SPX` and `SPXW`.
    pub underlying: Ticker,
    /// When the chain becomes visible. In YAML's `{ … }` it needs quotes, because of its bracket.
    pub time: Moment,
}

impl Source {
    /// Opens the set below `root`.
    ///
    /// # Errors
    /// When the files are not there or damaged, the first rows cannot be read, or a field does not
    /// fit them. An option day and a chain are read whole, so that every bad row is found here;
    /// in what streams a later one is found when it is reached.
    pub fn open(&self, root: &Path) -> Result<Vec<Box<dyn Feed>>, Error> {
        let feed: Box<dyn Feed> = match self {
            Self::LeanOptionDay(set) => {
                let dir = root.join(&set.dir);
                Box::new(LeanOptionDay::open(root, &dir, set.underlying, set.date)?)
            }
            Self::LeanTicks(set) => Box::new(set.open(root)?),
            Self::LeanBars(set) => Box::new(set.open(root)?),
            Self::Lobster(set) => {
                let file = existing(root, &set.file)?;
                let messages = Messages::open(&file, set.levels)?;
                Box::new(Lobster::new(set.symbol, set.date.0, messages)?)
            }
            Self::CboeChain(set) => {
                let chain = Chain::open(&existing(root, &set.file)?)?;
                Box::new(CboeChain::new(set.underlying, &set.time, chain)?)
            }
        };
        Ok(vec![feed])
    }

    /// The New York date of the data: the session that a run needs.
    #[must_use]
    pub fn date(&self) -> Date {
        match self {
            Self::LeanOptionDay(set) => set.date.0,
            Self::LeanTicks(set) => set.date.0,
            Self::LeanBars(set) => set.date.0,
            Self::Lobster(set) => set.date.0,
            Self::CboeChain(set) => set.time.date(),
        }
    }

    /// The underlying that the data are about.
    #[must_use]
    pub fn symbol(&self) -> Ticker {
        match self {
            Self::LeanOptionDay(set) => set.underlying,
            Self::LeanTicks(set) => set.symbol,
            Self::LeanBars(set) => set.symbol,
            Self::Lobster(set) => set.symbol,
            Self::CboeChain(set) => set.underlying,
        }
    }
}

impl TickFiles {
    /// Opens the ticks below `root`.
    ///
    /// # Errors
    /// Those of [`Source::open`].
    pub fn open(&self, root: &Path) -> Result<LeanTicks, Error> {
        let dir = root.join(&self.dir);
        let (quotes, trades) = (
            table(&dir, self.date, "quote")?,
            table(&dir, self.date, "trade")?,
        );
        if quotes.is_none() && trades.is_none() {
            return Err(missing(root, dir, self.date, "{quote,trade}"));
        }
        LeanTicks::new(self.symbol, self.date.0, quotes, trades)
    }
}

impl BarFiles {
    /// Opens the bars below `root`.
    ///
    /// # Errors
    /// Those of [`Source::open`].
    pub fn open(&self, root: &Path) -> Result<LeanBars, Error> {
        let dir = root.join(&self.dir);
        let tables = match self.of {
            BarsOf::Stock => {
                let quotes = table(&dir, self.date, "quote")?;
                let trades = table(&dir, self.date, "trade")?;
                if quotes.is_none() && trades.is_none() {
                    return Err(missing(root, dir, self.date, "{quote,trade}"));
                }
                BarTables::Stock { quotes, trades }
            }
            BarsOf::Index => match table(&dir, self.date, "trade")? {
                Some(levels) => BarTables::Index(levels),
                None => return Err(missing(root, dir, self.date, "trade")),
            },
        };
        LeanBars::new(self.symbol, self.date.0, self.every.seconds(), tables)
    }
}

/// The table in `{dir}/{date}_{kind}.zip`, if the file is there.
fn table<T: Record>(dir: &Path, date: Day, kind: &str) -> Result<Option<Table<T>>, Error> {
    let path = dir.join(format!("{}_{kind}.zip", date.compact()));
    path.exists().then(|| Table::open(&path)).transpose()
}

fn missing(root: &Path, folder: PathBuf, date: Day, kinds: &str) -> Error {
    Error::Missing {
        folder,
        wanted: format!("{}_{kinds}.zip", date.compact()),
        root: root.to_owned(),
    }
}

/// The path of a file below `root` that must be there.
fn existing(root: &Path, file: &Path) -> Result<PathBuf, Error> {
    let path = root.join(file);
    if path.exists() {
        return Ok(path);
    }
    let name = file.file_name().unwrap_or(file.as_os_str());
    Err(Error::Missing {
        folder: path.parent().unwrap_or(root).to_owned(),
        wanted: name.to_string_lossy().into_owned(),
        root: root.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::recorded_root;

    const SETS: &str = "\
- lean_option_day: { dir: options_intraday/goog, underlying: GOOG, date: 2015-12-24 }
- lean_ticks:      { dir: equity_tape/tick/ibm, symbol: IBM, date: 2013-10-07 }
- lean_bars:       { dir: equity_tape/second/spy, symbol: SPY, date: 2013-10-07, every: 1s }
- lean_bars:
    { dir: options_intraday/spxw/index_minute, symbol: SPX, date: 2021-01-04, every: 1m, of: index }
- lobster:
    file: order_book/LOBSTER_SampleFile_AMZN_2012-06-21_5.zip
    symbol: AMZN
    date: 2012-06-21
    levels: 5
- cboe_chain:
    file: option_chains/cboe_spx_2022-03-23_1011.csv
    underlying: SPX
    time: 2022-03-23T10:11:00-04:00[America/New_York]
";

    fn read(text: &str) -> Result<Vec<Source>, String> {
        serde_saphyr::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn the_sets_of_a_scenario_read_and_print_back() {
        let sets = read(SETS).unwrap();
        let symbols: Vec<_> = sets.iter().map(|set| set.symbol().to_string()).collect();
        assert_eq!(symbols, ["GOOG", "IBM", "SPY", "SPX", "AMZN", "SPX"]);
        assert_eq!(sets[5].date().to_string(), "2022-03-23");
        // Between braces YAML takes the zone's bracket for a list: quotes, or no zone's name.
        let chain =
            |time| format!("[cboe_chain: {{ file: q.csv, underlying: SPX, time: {time} }}]");
        for time in [
            "2022-03-23T10:11:00-04:00",
            "'2022-03-23T10:11:00-04:00[America/New_York]'",
        ] {
            assert_eq!(read(&chain(time)).unwrap()[0].date(), sets[5].date());
        }
        let json = serde_json::to_string(&sets).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Source>>(&json).unwrap(), sets);
    }

    #[test]
    fn a_bad_field_is_named_with_its_value() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = read(&SETS.replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check(
            "2015-12-24",
            "2015-12-32",
            "`date` was \"2015-12-32\", must be a day that exists",
        );
        check(
            "2022-03-23T10:11:00-04:00[America/New_York]",
            "noon",
            "`time` was \"noon\"",
        );
        check("every: 1s", "every: 1h", "1h");
        check("levels: 5", "level: 5", "level");
        check("symbol: IBM", "symbol: ibm", "ticker \"ibm\" must be");
        check("lean_ticks:", "lean_tick:", "lean_tick");
    }

    #[test]
    fn sets_that_are_not_there_say_where_they_were_looked_for() {
        let scratch = crate::testing::Scratch::new();
        for set in read(SETS).unwrap() {
            let error = set.open(scratch.path()).err().unwrap();
            assert!(matches!(&error, Error::Missing { .. }), "{error}");
            let (error, root) = (error.to_string(), scratch.path().display().to_string());
            assert!(
                error.starts_with(&format!("no recorded data in {root}")),
                "{error}"
            );
            let hint = format!("ALPHATRADER_DATA sets the root, which is {root}");
            assert!(error.ends_with(&hint), "{error}");
        }
    }

    #[test]
    fn recorded_sets_of_the_reference_open() {
        let Some(root) = recorded_root() else { return };
        let names: Vec<_> = read(SETS)
            .unwrap()
            .iter()
            .flat_map(|set| set.open(&root).unwrap())
            .map(|feed| feed.name().to_owned())
            .collect();
        let expected = [
            "lean_option_day GOOG 2015-12-24",
            "lean_ticks IBM 2013-10-07",
            "lean_bars SPY 2013-10-07",
            "lean_bars SPX 2021-01-04",
            "lobster AMZN 2012-06-21",
            "cboe_chain SPX 2022-03-23",
        ];
        assert_eq!(names, expected);
    }
}
