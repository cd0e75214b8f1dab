//! A picture of dealer gamma, as one SVG document: exposure by strike with spot, walls and zero
//! gamma, and exposure over hypothetical spots.
//!
//! The same figures give the same bytes. Colours are of the palette of Okabe and Ito, which people
//! who cannot tell red from green can read; calls and puts differ by their side as well.

/// Exposure over hypothetical spots.
mod curve;
/// Exposure by strike.
mod ladder;
/// Places of labels that must not cover each other.
mod placing;
/// Round ticks and words for money and prices.
mod scale;
/// Elements of the document.
mod svg;
/// The key figures above the panels.
mod tiles;

use crate::exit::Failure;
use std::path::Path;
use svg::{Align, Font, Svg};

/// Width and height of the document, in its own units.
const SIZE: (f64, f64) = (1600.0, 1000.0);
/// Space left free on both sides.
const MARGIN: f64 = 40.0;
/// Where the plots end at the bottom; ticks and what they count stand below.
const PLOT_BOTTOM: f64 = 872.0;

const CALL: &str = "#0072B2";
const PUT: &str = "#D55E00";
const ZERO: &str = "#00735C";
const INK: &str = "#1B1F24";
const MUTED: &str = "#57606A";
const GRID: &str = "#E4E7EB";
const PAPER: &str = "#FFFFFF";

/// Exposure at a strike, in USD of delta per 1 % move.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Bar {
    /// The strike in dollars.
    pub(crate) strike: f64,
    /// The calls' part, positive.
    pub(crate) call: f64,
    /// The puts' part, negative.
    pub(crate) put: f64,
}

impl Bar {
    fn net(&self) -> f64 {
        self.call + self.put
    }
}

/// What is drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Picture {
    /// The underlying.
    pub(crate) symbol: String,
    /// When, and of what.
    pub(crate) subtitle: String,
    /// The current spot in dollars.
    pub(crate) spot: f64,
    /// Calls and puts together, in USD of delta per 1 % move.
    pub(crate) net: Option<f64>,
    /// Strike of the largest call exposure.
    pub(crate) call_wall: Option<f64>,
    /// Strike of the most negative put exposure.
    pub(crate) put_wall: Option<f64>,
    /// Strike of the largest absolute net exposure.
    pub(crate) max_abs_gamma_strike: Option<f64>,
    /// The spot nearest to the current one at which gamma changes sign.
    pub(crate) zero_gamma: Option<f64>,
    /// Every such spot, ascending.
    pub(crate) roots: Vec<f64>,
    /// By strike, ascending.
    pub(crate) bars: Vec<Bar>,
    /// Hypothetical spots, ascending, and net exposure there.
    pub(crate) profile: Vec<(f64, f64)>,
    /// Why there is no profile.
    pub(crate) profile_reason: String,
    /// Where the figures come from.
    pub(crate) source: String,
}

/// Draws the picture: a whole SVG document.
pub(crate) fn draw(picture: &Picture) -> String {
    drawn(picture).finish()
}

/// Draws the picture into the file at `path`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn write(path: &Path, picture: &Picture) -> Result<(), Failure> {
    std::fs::write(path, draw(picture)).map_err(|error| {
        let path = path.display();
        Failure::error(format_args!("--svg: {path} could not be written: {error}"))
    })
}

fn drawn(picture: &Picture) -> Svg {
    let title = format!("{} dealer gamma exposure", picture.symbol);
    let mut svg = Svg::new(SIZE, &title, &picture.subtitle);
    svg.rectangle((0.0, 0.0), SIZE, PAPER, 1.0);
    let heading = Font::bold(34.0, INK);
    svg.text((MARGIN, 58.0), Align::Start, heading, &title);
    let small = Font::plain(17.0, MUTED);
    let subtitle = svg::fitted(&picture.subtitle, small, SIZE.0 - 2.0 * MARGIN);
    svg.text((MARGIN, 88.0), Align::Start, small, &subtitle);
    tiles::draw(&mut svg, picture);
    let note = ladder::draw(&mut svg, picture);
    curve::draw(&mut svg, picture);
    footer(&mut svg, picture, &note);
    svg
}

/// Convention and source.
fn footer(svg: &mut Svg, picture: &Picture, note: &str) {
    let font = Font::plain(14.0, MUTED);
    let (width, height) = SIZE;
    let room = width - 2.0 * MARGIN;
    svg.line((MARGIN, 934.0), (width - MARGIN, 934.0), GRID, 1.0);
    let convention = "Dealers are assumed long the calls and short the puts: calls +, puts \u{2212}. \
                      GEX = gamma \u{d7} open interest \u{d7} multiplier \u{d7} spot\u{b2} \u{d7} 0.01, \
                      in USD of delta per 1 % move.";
    let convention = svg::fitted(convention, font, room);
    svg.text((MARGIN, height - 42.0), Align::Start, font, &convention);
    let name = "AlphaTrader";
    let bold = Font::bold(14.0, MUTED);
    svg.text((width - MARGIN, height - 18.0), Align::End, bold, name);
    let source = [note, &picture.source].join("  ");
    let left = room - svg::width(name, bold) - 20.0;
    let source = svg::fitted(source.trim(), font, left);
    svg.text((MARGIN, height - 18.0), Align::Start, font, &source);
}

#[cfg(test)]
mod tests;
