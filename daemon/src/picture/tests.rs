//! The whole picture: what stands in it, and that no text covers another.

use super::*;
use proptest::prelude::*;

fn picture() -> Picture {
    let bars = (0..41).map(|place| {
        let strike = 480.0 + f64::from(place);
        let away = (strike - 500.0) / 8.0;
        let hill = 1e9 / (1.0 + away * away);
        Bar {
            strike,
            call: hill * if strike >= 500.0 { 1.0 } else { 0.3 },
            put: -hill * if strike < 500.0 { 0.9 } else { 0.2 },
        }
    });
    Picture {
        symbol: "ABC".to_owned(),
        subtitle: "2026-03-02 10:00 New York".to_owned(),
        spot: 500.25,
        net: Some(1.73e9),
        call_wall: Some(505.0),
        put_wall: Some(495.0),
        max_abs_gamma_strike: Some(505.0),
        zero_gamma: Some(497.2),
        roots: vec![460.0, 497.2],
        bars: bars.collect(),
        profile: (0..81)
            .map(|node| {
                let spot = 450.0 + 1.25 * f64::from(node);
                (spot, (spot - 497.2) * 1e8)
            })
            .collect(),
        profile_reason: String::new(),
        source: "a test".to_owned(),
    }
}

/// Two texts of which one covers the other.
fn collision(svg: &Svg) -> Option<(String, String)> {
    for (place, (a, words)) in svg.texts.iter().enumerate() {
        for (b, others) in &svg.texts[place + 1..] {
            let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
            if !apart {
                return Some((words.clone(), others.clone()));
            }
        }
    }
    None
}

/// A text that leaves the page.
fn outside(svg: &Svg) -> Option<String> {
    let found = svg.texts.iter().find(|([left, top, right, bottom], _)| {
        *left < 0.0 || *top < 0.0 || *right > SIZE.0 || *bottom > SIZE.1
    });
    found.map(|(_, words)| words.clone())
}

#[test]
fn every_level_is_named_and_the_bytes_are_the_same() {
    let picture = picture();
    let document = draw(&picture);
    for words in [
        "ABC dealer gamma exposure",
        "call wall 505",
        "put wall 495",
        "zero gamma 497.20",
        "spot 500.25",
        "zero 460",
        "+$1.73 bn",
        "long gamma",
        "calls +, puts \u{2212}",
        "a test",
    ] {
        assert!(document.contains(words), "{words} is missing");
    }
    assert_eq!(document, draw(&picture));
    assert!(document.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox="));
    assert!(document.ends_with("</svg>\n"));
    assert!(!document.contains("NaN") && !document.contains("inf"));
}

#[test]
fn what_a_file_calls_its_underlying_cannot_leave_its_place() {
    let picture = Picture {
        symbol: "A<script>&\"".to_owned(),
        ..picture()
    };
    let document = draw(&picture);
    assert!(!document.contains("<script>"));
    assert!(document.contains("A&lt;script&gt;&amp;&quot;"));
}

#[test]
fn a_picture_of_next_to_nothing_says_what_is_missing() {
    let bare = Picture {
        symbol: "ONE".to_owned(),
        spot: 100.0,
        profile_reason: "the time of the quotes is not known, give it with --as-of".to_owned(),
        bars: vec![Bar {
            strike: 105.0,
            call: 1e6,
            put: 0.0,
        }],
        ..Picture::default()
    };
    let svg = drawn(&bare);
    assert_eq!(collision(&svg), None);
    let document = svg.finish();
    assert!(document.contains("--as-of") && document.contains(">none</text>"));
    let steady = Picture {
        zero_gamma: None,
        roots: Vec::new(),
        profile: vec![(400.2, -1e8), (600.3, -2e8)],
        ..picture()
    };
    assert!(draw(&steady).contains("negative within \u{b1}20 %"));
    let empty = drawn(&Picture {
        spot: 100.0,
        ..Picture::default()
    });
    assert_eq!(collision(&empty), None);
    assert!(empty.finish().contains("no contract has gamma"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_text_covers_another_and_none_leaves_the_page(
        spot in 0.5..60_000.0_f64,
        levels in proptest::collection::vec(0.7..1.3_f64, 4),
        roots in proptest::collection::vec(0.85..1.15_f64, 0..6),
        strikes in proptest::collection::vec((0.6..1.4_f64, 0.0..1.0_f64, 0.0..1.0_f64), 0..120),
        size in 0.0..12.0_f64,
        slope in -1.0..1.0_f64,
    ) {
        let size = engine::math::exp(size * core::f64::consts::LN_10);
        let mut roots: Vec<f64> = roots.into_iter().map(|root| root * spot).collect();
        roots.sort_by(f64::total_cmp);
        let mut bars: Vec<Bar> = strikes
            .into_iter()
            .map(|(at, call, put)| Bar {
                strike: (at * spot * 2.0).round() / 2.0,
                call: call * size,
                put: -put * size,
            })
            .collect();
        bars.sort_by(|a, b| a.strike.total_cmp(&b.strike));
        bars.dedup_by_key(|bar| bar.strike.to_bits());
        let picture = Picture {
            spot,
            net: Some(slope * size),
            call_wall: Some(levels[0] * spot),
            put_wall: Some(levels[1] * spot),
            max_abs_gamma_strike: Some(levels[2] * spot),
            zero_gamma: Some(levels[3] * spot),
            roots,
            bars,
            profile: (0..81)
                .map(|node| {
                    let x = spot * (0.9 + 0.0025 * f64::from(node));
                    (x, (x / spot - 1.0 + 0.05 * slope) * size)
                })
                .collect(),
            ..picture()
        };
        let svg = drawn(&picture);
        prop_assert_eq!(collision(&svg), None);
        prop_assert_eq!(outside(&svg), None);
        let document = svg.finish();
        prop_assert!(!document.contains("NaN") && !document.contains("inf"));
    }
}
