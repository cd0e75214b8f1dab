//! The chain as text: cells by their place, symbols by their fixed fields.

/// Why a file cannot be counted again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(in crate::analyze::levels) struct Trouble {
    line: usize,
    what: String,
}

/// What a row says of a call or a put.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leg {
    /// Which root, by its place in [`Text::roots`].
    pub(super) root: usize,
    /// `yyyymmdd`.
    pub(super) expiry: u32,
    /// Ten-thousandths of a dollar.
    pub(super) strike: i64,
    pub(super) is_call: bool,
    pub(super) bid: f64,
    pub(super) ask: f64,
    pub(super) volatility: f64,
    pub(super) delta: f64,
    pub(super) gamma: f64,
    pub(super) open_interest: u64,
}

/// A file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) spot: f64,
    pub(super) roots: Vec<String>,
    /// Call and put of a row stand side by side.
    pub(super) legs: Vec<Leg>,
}

/// Cells of a row: the expiry, ten of a call, the strike, ten of a put.
const CELLS: usize = 22;

impl Text {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Trouble> {
        let text = String::from_utf8_lossy(bytes);
        let mut read = Self {
            spot: 0.0,
            roots: Vec::new(),
            legs: Vec::new(),
        };
        let mut is_table = false;
        for (place, line) in text.lines().enumerate() {
            let trouble = |what: String| Trouble {
                line: place + 1,
                what,
            };
            if line.trim().is_empty() {
                continue;
            }
            if line.starts_with("Expiration Date") {
                is_table = true;
            } else if is_table {
                let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
                if cells.len() != CELLS {
                    return Err(trouble(format!("{} cells instead of {CELLS}", cells.len())));
                }
                for at in [1, 12] {
                    let leg = read.leg(&cells[at..at + 10]).map_err(trouble)?;
                    read.legs.push(leg);
                }
            } else if let Some((_, rest)) = line.split_once("Last:") {
                let cell = rest.split(',').next().unwrap_or_default();
                read.spot = number(cell).map_err(trouble)?;
            }
        }
        Ok(read)
    }

    /// Symbol, last sale, net, bid, ask, volume, volatility, delta, gamma, open interest.
    fn leg(&mut self, cells: &[&str]) -> Result<Leg, String> {
        let symbol = cells[0].trim();
        // The last 15 characters: yymmdd, C or P, the strike in thousandths.
        let split = symbol.len().checked_sub(15);
        let fields = split.and_then(|split| symbol.split_at_checked(split));
        let (root, fields) = fields.ok_or_else(|| format!("{symbol:?} is no OSI symbol"))?;
        let part = |from: usize, to: usize| fields.get(from..to).unwrap_or_default();
        let date: u32 = whole(part(0, 6))?;
        let thousandths: i64 = whole(part(7, 15))?;
        let is_call = match part(6, 7) {
            "C" => true,
            "P" => false,
            other => return Err(format!("{symbol:?} is neither call nor put but {other:?}")),
        };
        let root = root.trim();
        let known = self.roots.iter().position(|known| known == root);
        let root = known.unwrap_or_else(|| {
            self.roots.push(root.to_owned());
            self.roots.len() - 1
        });
        Ok(Leg {
            root,
            expiry: 20_000_000 + date,
            strike: 10 * thousandths,
            is_call,
            bid: number(cells[3])?,
            ask: number(cells[4])?,
            volatility: number(cells[6])?,
            delta: number(cells[7])?,
            gamma: number(cells[8])?,
            open_interest: whole(cells[9])?,
        })
    }
}

fn number(cell: &str) -> Result<f64, String> {
    let number = cell.trim().parse().ok().filter(|n: &f64| n.is_finite());
    number.ok_or_else(|| format!("{cell:?} is no number"))
}

fn whole<T: std::str::FromStr>(cell: &str) -> Result<T, String> {
    let number = cell.trim().parse().ok();
    number.ok_or_else(|| format!("{cell:?} is no whole number"))
}
