//! Exposure over hypothetical spots, with volatilities and time held.

use super::placing::spread;
use super::scale::{Scale, axis_money, plain, price, ticks};
use super::svg::{Align, Font, Svg, width, wrapped};
use super::{CALL, GRID, INK, MARGIN, MUTED, PLOT_BOTTOM, PUT, Picture, SIZE, ZERO};

const LEFT: f64 = 1092.0;
const RIGHT: f64 = SIZE.0 - MARGIN;
const TOP: f64 = 312.0;
/// The foot of the labels above the plot.
const LABELS: f64 = 290.0;
const HEADING: f64 = 1010.0;

/// A price that is named above the plot.
struct Named {
    at: f64,
    words: String,
    colour: &'static str,
}

pub(super) fn draw(svg: &mut Svg, picture: &Picture) {
    let heading = Font::bold(18.0, INK);
    let words = "Net GEX if spot were elsewhere";
    svg.text((HEADING, 238.0), Align::Start, heading, words);
    let (Some(first), Some(last)) = (picture.profile.first(), picture.profile.last()) else {
        return absent(svg, &picture.profile_reason);
    };
    legend(svg);
    let spots = Scale::new((first.0, last.0), (LEFT, RIGHT));
    let amounts = axes(svg, picture, (first.0, last.0));
    let zero = amounts.at(0.0);
    let points: Vec<(f64, f64)> = picture
        .profile
        .iter()
        .map(|(spot, gex)| (spots.at(*spot), amounts.at(*gex)))
        .collect();
    for (sign, colour) in [(-1.0, CALL), (1.0, PUT)] {
        for area in areas(&points, zero, sign) {
            svg.area(&area, colour, 0.22);
        }
    }
    svg.line((LEFT, zero), (RIGHT, zero), MUTED, 1.2);
    marks(svg, picture, &spots, &points);
    for root in picture.roots.iter().filter(|root| spots.holds(**root)) {
        svg.circle((spots.at(*root), zero), 5.5, ZERO);
    }
}

fn legend(svg: &mut Svg) {
    let font = Font::plain(14.0, MUTED);
    let words = ["long gamma", "short gamma"];
    for (x, colour, name) in [(HEADING, CALL, words[0]), (1130.0, PUT, words[1])] {
        svg.rectangle((x, 252.0), (14.0, 12.0), colour, 0.35);
        svg.text((x + 20.0, 263.0), Align::Start, font, name);
    }
}

/// Says why there is no curve.
fn absent(svg: &mut Svg, reason: &str) {
    let font = Font::plain(17.0, MUTED);
    let (middle, room) = ((HEADING + RIGHT) / 2.0, RIGHT - HEADING - 60.0);
    svg.rectangle(
        (HEADING, TOP),
        (RIGHT - HEADING, PLOT_BOTTOM - TOP),
        "#F6F8FA",
        1.0,
    );
    let lines = wrapped(reason, font, room);
    let first = (TOP + PLOT_BOTTOM) / 2.0 - 13.0 * (lines.len() as f64 - 1.0);
    for (place, line) in lines.iter().take(12).enumerate() {
        let y = first + 26.0 * place as f64;
        svg.text((middle, y), Align::Middle, font, line);
    }
}

/// Both axes with their grid; the scale of the amounts.
fn axes(svg: &mut Svg, picture: &Picture, (from, to): (f64, f64)) -> Scale {
    let amounts = picture.profile.iter().map(|(_, gex)| *gex);
    let (lowest, highest) = amounts.fold((0.0, 0.0), |(low, high): (f64, f64), gex| {
        (low.min(gex), high.max(gex))
    });
    let room = 0.07 * (highest - lowest);
    let range = (lowest - room, highest + room);
    let scale = Scale::new(range, (PLOT_BOTTOM, TOP));
    let font = Font::plain(14.0, MUTED);
    let largest = highest.max(-lowest);
    let (found, step) = ticks(range.0, range.1, 7.0);
    for tick in found {
        let y = scale.at(tick);
        svg.line((LEFT, y), (RIGHT, y), GRID, 1.0);
        let words = axis_money(tick, largest, step);
        svg.text((LEFT - 9.0, y + 5.0), Align::End, font, &words);
    }
    let spots = Scale::new((from, to), (LEFT, RIGHT));
    let (found, step) = ticks(from, to, 7.0);
    for tick in found {
        let x = spots.at(tick);
        svg.line((x, PLOT_BOTTOM), (x, PLOT_BOTTOM + 6.0), MUTED, 1.0);
        let words = plain(tick, step);
        svg.text((x, PLOT_BOTTOM + 21.0), Align::Middle, font, &words);
    }
    let words = "hypothetical spot, volatilities and time held";
    let middle = ((LEFT + RIGHT) / 2.0, PLOT_BOTTOM + 45.0);
    svg.text(middle, Align::Middle, font, words);
    scale
}

/// The stretches between the curve and the line `zero` on one side of it: above for `sign` -1,
/// below for 1, as `y` grows downwards.
fn areas(points: &[(f64, f64)], zero: f64, sign: f64) -> Vec<Vec<(f64, f64)>> {
    let mut areas = Vec::new();
    let mut area: Vec<(f64, f64)> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    for &(x, y) in points {
        let is_inside = sign * (y - zero) > 0.0;
        if let Some((last_x, last_y)) = last
            && (sign * (last_y - zero) > 0.0) != is_inside
        {
            let crossing = last_x + (x - last_x) * (zero - last_y) / (y - last_y);
            area.push((crossing, zero));
            if !is_inside {
                areas.push(std::mem::take(&mut area));
            }
        } else if is_inside && area.is_empty() {
            area.push((x, zero));
        }
        if is_inside {
            area.push((x, y));
        }
        last = Some((x, y));
    }
    if let Some((x, _)) = last.filter(|_| !area.is_empty()) {
        area.push((x, zero));
        areas.push(area);
    }
    areas
}

/// The curve, the lines of spot and roots, and their names above the plot.
fn marks(svg: &mut Svg, picture: &Picture, spots: &Scale, points: &[(f64, f64)]) {
    let font = |named: &Named| Font::bold(15.0, named.colour);
    let mut named = vec![Named {
        at: picture.spot,
        words: format!("spot {}", price(picture.spot)),
        colour: INK,
    }];
    let mut roots: Vec<f64> = picture.roots.clone();
    roots.retain(|root| spots.holds(*root));
    // The nearest first: where there is no room for all, the farthest goes without a name.
    roots.sort_by(|a, b| {
        let away = |root: &f64| (root - picture.spot).abs();
        away(a).total_cmp(&away(b))
    });
    let mut room = RIGHT - HEADING - width(&named[0].words, font(&named[0])) - 16.0;
    for root in roots {
        svg.dashed(
            (spots.at(root), TOP),
            (spots.at(root), PLOT_BOTTOM),
            ZERO,
            1.8,
        );
        let label = Named {
            at: root,
            words: format!("zero {}", price(root)),
            colour: ZERO,
        };
        room -= width(&label.words, font(&label)) + 16.0;
        if room >= 0.0 {
            named.push(label);
        }
    }
    let x = spots.clamped(picture.spot);
    svg.line((x, TOP), (x, PLOT_BOTTOM), INK, 1.8);
    svg.stroke(points, INK, 2.6, "");
    named.sort_by(|a, b| a.at.total_cmp(&b.at));
    let wanted: Vec<f64> = named.iter().map(|named| spots.clamped(named.at)).collect();
    let lengths: Vec<f64> = named
        .iter()
        .map(|named| width(&named.words, font(named)) + 16.0)
        .collect();
    let places = spread(&wanted, &lengths, (HEADING, RIGHT));
    for ((named, x), label) in named.iter().zip(wanted).zip(places) {
        let leader = [(x, TOP), (x, TOP - 5.0), (label, LABELS + 5.0)];
        svg.stroke(&leader, named.colour, 1.0, "");
        let place = (label, LABELS);
        svg.text(place, Align::Middle, font(named), &named.words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_end_where_the_curve_crosses() {
        let points = [(0.0, 4.0), (2.0, 2.0), (6.0, -2.0), (8.0, 1.0)];
        let above = areas(&points, 0.0, -1.0);
        assert_eq!(above.len(), 1);
        assert_eq!(above[0][0], (4.0, 0.0));
        assert_eq!(above[0][1], (6.0, -2.0));
        assert!((above[0][2].0 - 22.0 / 3.0).abs() < 1e-12);
        let below = areas(&points, 0.0, 1.0);
        assert_eq!(below.len(), 2);
        assert_eq!(below[0][..2], [(0.0, 0.0), (0.0, 4.0)]);
        assert_eq!(below[1][1..], [(8.0, 1.0), (8.0, 0.0)]);
        assert!(areas(&[], 0.0, 1.0).is_empty());
    }
}
