//! The key figures above the panels.

use super::scale::{distance, money, price};
use super::svg::{Align, Font, Svg, fitted};
use super::{CALL, GRID, INK, MARGIN, MUTED, PUT, Picture, SIZE, ZERO};

const TOP: f64 = 108.0;
const HEIGHT: f64 = 84.0;
const GAP: f64 = 14.0;

/// A figure: what it is called, what it is, what that means, and the colour of its edge.
struct Tile {
    name: &'static str,
    value: String,
    meaning: String,
    colour: &'static str,
}

pub(super) fn draw(svg: &mut Svg, picture: &Picture) {
    let tiles = tiles(picture);
    let count = tiles.len() as f64;
    let width = (SIZE.0 - 2.0 * MARGIN - (count - 1.0) * GAP) / count;
    for (place, tile) in tiles.iter().enumerate() {
        let left = MARGIN + place as f64 * (width + GAP);
        svg.rectangle((left, TOP), (width, HEIGHT), "#F6F8FA", 1.0);
        svg.rectangle((left, TOP), (5.0, HEIGHT), tile.colour, 1.0);
        let (x, room) = (left + 18.0, width - 26.0);
        let font = Font::plain(14.0, MUTED);
        svg.text((x, TOP + 22.0), Align::Start, font, tile.name);
        let large = Font::bold(25.0, INK);
        let value = fitted(&tile.value, large, room);
        svg.text((x, TOP + 50.0), Align::Start, large, &value);
        let meaning = fitted(&tile.meaning, font, room);
        svg.text((x, TOP + 72.0), Align::Start, font, &meaning);
    }
    let below = TOP + HEIGHT + 14.0;
    svg.line((MARGIN, below), (SIZE.0 - MARGIN, below), GRID, 1.0);
}

fn tiles(picture: &Picture) -> [Tile; 6] {
    let spot = picture.spot;
    let level = |name, level: Option<f64>, colour| Tile {
        name,
        value: level.map_or("none".to_owned(), price),
        meaning: level.map_or(String::new(), |level| distance(level, spot)),
        colour,
    };
    let net = picture.net;
    let mut zero = level("Zero gamma", picture.zero_gamma, ZERO);
    if picture.zero_gamma.is_none() {
        zero.meaning = sign_of_profile(picture).unwrap_or_else(|| "see below why".to_owned());
    }
    [
        Tile {
            name: "Spot",
            value: price(spot),
            meaning: String::new(),
            colour: INK,
        },
        Tile {
            name: "Net GEX per 1 %",
            value: net.map_or("none".to_owned(), money),
            meaning: match net {
                Some(net) if net > 0.0 => "dealers long gamma".to_owned(),
                Some(net) if net < 0.0 => "dealers short gamma".to_owned(),
                _ => String::new(),
            },
            colour: net.map_or(MUTED, |net| if net < 0.0 { PUT } else { CALL }),
        },
        zero,
        level("Call wall", picture.call_wall, CALL),
        level("Put wall", picture.put_wall, PUT),
        level("Largest |gamma|", picture.max_abs_gamma_strike, INK),
    ]
}

/// The sign of a profile that has one throughout, and how far it reaches.
fn sign_of_profile(picture: &Picture) -> Option<String> {
    let (last, _) = picture.profile.last()?;
    let (_, gex) = picture.profile.iter().find(|(_, gex)| *gex != 0.0)?;
    let sign = if *gex < 0.0 { "negative" } else { "positive" };
    let reach = (last / picture.spot - 1.0) * 100.0;
    Some(format!("{sign} within \u{b1}{reach:.0} %"))
}
