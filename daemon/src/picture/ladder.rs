//! Exposure by strike: a ladder with the calls to the right and the puts to the left.

/// Which strikes are shown, and which of them in one row.
mod rows;

use super::placing::spread;
use super::scale::{Scale, axis_money, plain, price, ticks};
use super::svg::{Align, Font, Svg};
use super::{Bar, CALL, GRID, INK, MARGIN, MUTED, PLOT_BOTTOM, PUT, Picture, ZERO};
use rows::{Rows, rows};

const LEFT: f64 = 112.0;
const RIGHT: f64 = 745.0;
const TOP: f64 = 268.0;
/// Where labels of levels begin.
const LABELS: f64 = 772.0;
const LABEL_HEIGHT: f64 = 21.0;
/// A row is no thicker than this.
const THICKEST: f64 = 26.0;
/// The shorter side of the plot has this share of the longer one at least.
const SHORT_SIDE: f64 = 0.12;

/// A level with its name.
struct Level {
    at: f64,
    name: &'static str,
    colour: &'static str,
}

/// Draws the ladder; what has to be said about it.
pub(super) fn draw(svg: &mut Svg, picture: &Picture) -> String {
    let heading = Font::bold(18.0, INK);
    svg.text((MARGIN, 238.0), Align::Start, heading, "GEX by strike");
    legend(svg);
    let levels = levels(picture);
    let wanted: Vec<f64> = levels.iter().map(|level| level.at).collect();
    let rows = rows(&picture.bars, picture.spot, &wanted);
    let strikes = Scale::new(rows.range, (PLOT_BOTTOM, TOP));
    let amounts = amounts(svg, &rows.bars);
    strike_ticks(svg, &strikes, rows.range);
    let zero = amounts.at(0.0);
    bars(svg, &rows, &strikes, &amounts);
    svg.line((zero, TOP), (zero, PLOT_BOTTOM), MUTED, 1.2);
    marks(svg, &levels, &strikes);
    if rows.bars.is_empty() {
        let words = "no contract has gamma";
        let middle = ((LEFT + RIGHT) / 2.0, TOP + 60.0);
        svg.text(middle, Align::Middle, Font::plain(17.0, MUTED), words);
    }
    note(&rows)
}

fn legend(svg: &mut Svg) {
    let font = Font::plain(14.0, MUTED);
    let y = 238.0;
    for (x, colour, name) in [(420.0, PUT, "puts"), (500.0, CALL, "calls")] {
        svg.rectangle((x, y - 11.0), (14.0, 12.0), colour, 1.0);
        svg.text((x + 20.0, y), Align::Start, font, name);
    }
    svg.diamond((592.0, y - 5.0), 6.5, INK);
    svg.text((605.0, y), Align::Start, font, "net");
}

/// The axis of amounts, with its grid.
fn amounts(svg: &mut Svg, bars: &[Bar]) -> Scale {
    let most = |side: fn(&Bar) -> f64| bars.iter().map(side).fold(0.0, f64::max);
    let (calls, puts) = (
        most(|bar| bar.call.max(bar.net())),
        most(|bar| -bar.put.min(bar.net())),
    );
    let longest = calls.max(puts);
    let longest = if longest > 0.0 { longest } else { 1.0 };
    let high = 1.06 * calls.max(SHORT_SIDE * longest);
    let low = -1.06 * puts.max(SHORT_SIDE * longest);
    let scale = Scale::new((low, high), (LEFT, RIGHT));
    let (found, step) = ticks(low, high, 6.0);
    for tick in found {
        let x = scale.at(tick);
        svg.line((x, TOP), (x, PLOT_BOTTOM), GRID, 1.0);
        let words = axis_money(tick, longest, step);
        let font = Font::plain(14.0, MUTED);
        svg.text((x, PLOT_BOTTOM + 21.0), Align::Middle, font, &words);
    }
    let middle = (LEFT + RIGHT) / 2.0;
    let words = "gamma exposure per 1 % move";
    let font = Font::plain(14.0, MUTED);
    svg.text((middle, PLOT_BOTTOM + 45.0), Align::Middle, font, words);
    scale
}

fn strike_ticks(svg: &mut Svg, scale: &Scale, (low, high): (f64, f64)) {
    let (found, step) = ticks(low, high, (PLOT_BOTTOM - TOP) / 26.0);
    for tick in found {
        let y = scale.at(tick);
        svg.line((LEFT - 6.0, y), (LEFT, y), MUTED, 1.0);
        let font = Font::plain(14.0, INK);
        let words = plain(tick, step);
        svg.text((LEFT - 11.0, y + 5.0), Align::End, font, &words);
    }
}

fn bars(svg: &mut Svg, rows: &Rows, strikes: &Scale, amounts: &Scale) {
    let pitch = strikes.at(0.0) - strikes.at(rows.pitch);
    let thick = (0.74 * pitch).clamp(1.5, THICKEST);
    let zero = amounts.at(0.0);
    for bar in &rows.bars {
        let top = strikes.at(bar.strike) - thick / 2.0;
        for (amount, colour) in [(bar.call, CALL), (bar.put, PUT)] {
            let end = amounts.at(amount);
            if (end - zero).abs() >= 0.05 {
                let wide = (end - zero).abs();
                svg.rectangle((end.min(zero), top), (wide, thick), colour, 0.88);
            }
        }
    }
    let half = (0.42 * pitch).clamp(2.5, 6.5);
    for bar in &rows.bars {
        let place = (amounts.at(bar.net()), strikes.at(bar.strike));
        svg.diamond(place, half, INK);
    }
}

fn levels(picture: &Picture) -> Vec<Level> {
    let named = [
        (Some(picture.spot), "spot", INK),
        (picture.zero_gamma, "zero gamma", ZERO),
        (picture.call_wall, "call wall", CALL),
        (picture.put_wall, "put wall", PUT),
        (picture.max_abs_gamma_strike, "largest |\u{3b3}|", MUTED),
    ];
    let mut levels: Vec<Level> = named
        .into_iter()
        .filter_map(|(at, name, colour)| at.map(|at| Level { at, name, colour }))
        .collect();
    // From the top of the picture down.
    levels.sort_by(|a, b| b.at.total_cmp(&a.at));
    levels
}

/// Lines of the levels across the plot, and their labels beside it.
fn marks(svg: &mut Svg, levels: &[Level], strikes: &Scale) {
    let wanted: Vec<f64> = levels
        .iter()
        .map(|level| strikes.clamped(level.at))
        .collect();
    let heights = vec![LABEL_HEIGHT; levels.len()];
    let places = spread(&wanted, &heights, (TOP - 6.0, PLOT_BOTTOM + 6.0));
    for ((level, y), label) in levels.iter().zip(wanted).zip(places) {
        let is_shown = strikes.holds(level.at);
        if is_shown {
            match level.name {
                "spot" => svg.line((LEFT, y), (RIGHT, y), level.colour, 1.6),
                "zero gamma" => svg.dashed((LEFT, y), (RIGHT, y), level.colour, 1.6),
                _ => svg.stroke(&[(LEFT, y), (RIGHT, y)], level.colour, 1.0, "1.5 4"),
            }
        }
        let leader = [(RIGHT, y), (RIGHT + 8.0, y), (LABELS - 5.0, label)];
        svg.stroke(&leader, level.colour, 1.0, "");
        let arrow = match is_shown {
            true => "",
            false if y <= TOP + 1.0 => " \u{2191}",
            false => " \u{2193}",
        };
        let words = format!("{} {}{arrow}", level.name, price(level.at));
        let font = Font::bold(15.0, level.colour);
        svg.text((LABELS, label + 5.0), Align::Start, font, &words);
    }
}

/// What has to be said about what is not shown as it is.
fn note(rows: &Rows) -> String {
    let mut note = String::new();
    if rows.hidden > 0 {
        note = format!(
            "The strikes shown hold {:.1} % of all |GEX|; {} beyond them.",
            (100.0 * rows.share).min(99.9),
            match rows.hidden {
                1 => "1 strike lies".to_owned(),
                hidden => format!("{hidden} strikes lie"),
            }
        );
    }
    if let Some(step) = rows.summed {
        let space = if note.is_empty() { "" } else { " " };
        note.push_str(&format!(
            "{space}Rows sum strikes in steps of {}.",
            plain(step, step)
        ));
    }
    note
}
