//! No text panics, and what was written is read back.

use std::collections::BTreeMap;

use engine::config::{Layers, parse_file, read};
use garde::Validate;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{DEFAULT, Vpin, pairs};

#[derive(Debug, PartialEq, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct Everything {
    flag: bool,
    small: i8,
    large: u64,
    real: f64,
    text: String,
    letter: char,
    maybe: Option<i32>,
    list: Vec<Option<String>>,
    pair: (u16, f32),
    map: BTreeMap<String, Vec<Kind>>,
    numbered: BTreeMap<i32, bool>,
    wrapped: Wrapped,
    unit: (),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(Box<Option<Kind>>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    Number(i64),
    Pair(String, u8),
    Named { a: String, b: Option<bool> },
}

fn kinds() -> impl Strategy<Value = Kind> {
    prop_oneof![
        Just(Kind::Plain),
        any::<i64>().prop_map(Kind::Number),
        (any::<String>(), any::<u8>()).prop_map(|(text, n)| Kind::Pair(text, n)),
        (any::<String>(), any::<Option<bool>>()).prop_map(|(a, b)| Kind::Named { a, b }),
    ]
}

fn everything() -> impl Strategy<Value = Everything> {
    let scalars = (
        any::<bool>(),
        any::<i8>(),
        any::<u64>(),
        prop::num::f64::NORMAL | prop::num::f64::ZERO,
        any::<String>(),
        any::<char>(),
        any::<Option<i32>>(),
    );
    let collections = (
        prop::collection::vec(any::<Option<String>>(), 0..4),
        (any::<u16>(), prop::num::f32::NORMAL),
        prop::collection::btree_map("[a-z ~.]{1,6}", prop::collection::vec(kinds(), 0..3), 0..4),
        prop::collection::btree_map(any::<i32>(), any::<bool>(), 0..4),
        prop::option::of(kinds()),
    );
    (scalars, collections).prop_map(|(scalars, collections)| {
        let (flag, small, large, real, text, letter, maybe) = scalars;
        let (list, pair, map, numbered, wrapped) = collections;
        let wrapped = Wrapped(Box::new(wrapped));
        let unit = ();
        Everything {
            flag,
            small,
            large,
            real,
            text,
            letter,
            maybe,
            list,
            pair,
            map,
            numbered,
            wrapped,
            unit,
        }
    })
}

/// Texts of the characters that mean something.
const YAML_LIKE: &str = "[\\[\\]{}:,&*!|>'\"#%@$~?\\-\\n\\t a-c0.<=]{0,60}";

/// A configuration text with a few bytes removed, doubled or replaced.
fn mutated() -> impl Strategy<Value = String> {
    const VALID: &str = "vpin: &v\n  buckets: 50\n  method: {lee_ready: {lag_ms: 5}}\n  tiers:\n  \
                         - {name: \"a\", size: 1}\n  note: |\n    text ${A:?b}\n  buckets_: ${A}\n  pair: ['${A}', \"${A}\"]\n  vendor_key: 'x'\n\
                         other: *v\n";
    let edit = (
        any::<prop::sample::Index>(),
        0..3_u8,
        "[\\[\\]{}:,&*!|>'\"#%@`$~?\\-\\n\\t a0é]",
    );
    prop::collection::vec(edit, 1..8).prop_map(|edits| {
        let mut text: Vec<char> = VALID.chars().collect();
        for (index, kind, letter) in edits {
            let at = index.index(text.len());
            let letter = letter.chars().next().unwrap();
            match kind {
                0 => drop(text.remove(at)),
                1 => text.insert(at, letter),
                _ => text[at] = letter,
            }
        }
        text.into_iter().collect()
    })
}

/// What the environment fills in; it may never be printed.
const CANARY: &str = "canary 7";

/// Uses all there is on a text, and returns all that was said about it.
fn exercise(text: &str) -> String {
    let layers = Layers::new(DEFAULT)
        .file("c.yaml", text)
        .environment(pairs(&[("A", CANARY), ("ALPHATRADER__VPIN__NOTE", text)]))
        .flag("--f", "vpin.tiers", text);
    let mut said = String::new();
    match layers.load() {
        Ok(mut config) => {
            assert_eq!(config.hash(), config.clone().hash());
            said.push_str(&format!("{config:?}"));
            config
                .leaves()
                .for_each(|leaf| said.push_str(&format!("{leaf:?}")));
            let section = config.section::<Vpin>();
            if let Err(error) = config.finish(&[]).and(section) {
                said.push_str(&error.show());
            }
        }
        Err(error) => said.push_str(&error.show()),
    }
    if let Ok(node) = parse_file("c.yaml", text) {
        said.push_str(&format!("{node:?}"));
        if let Err(error) = read::<Everything>(&node) {
            said.push_str(&error.show());
        }
    }
    said
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in any::<String>()) {
        prop_assert!(!exercise(&text).is_empty());
    }

    #[test]
    fn no_text_that_looks_like_yaml_panics(text in YAML_LIKE) {
        prop_assert!(!exercise(&text).is_empty());
    }

    #[test]
    fn no_mutated_text_panics_or_prints_a_secret(text in mutated()) {
        let said = exercise(&text);
        prop_assert!(!said.is_empty() && !said.contains(CANARY), "{}", said);
    }

    #[test]
    fn what_is_written_is_read(value in everything()) {
        let text = serde_saphyr::to_string(&value).unwrap();
        let node = parse_file("c.yaml", &text).unwrap();
        prop_assert_eq!(read::<Everything>(&node).unwrap(), value, "{}", text);
    }
}
