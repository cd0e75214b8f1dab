//! One sentence for each way to get a file wrong.

use std::collections::BTreeMap;

use engine::config::{Layers, parse_file, read};
use garde::Validate;
use serde::Deserialize;

use super::{DEFAULT, Method, Tier, check, finish, sentences};

#[test]
fn the_default_is_valid() {
    let vpin = finish(Layers::new(DEFAULT).load()).unwrap();
    assert_eq!(
        (vpin.buckets, vpin.window, vpin.method),
        (50, 20, Method::Bvc)
    );
    assert_eq!(
        vpin.tiers,
        [Tier {
            name: "a".to_owned(),
            size: 1
        }]
    );
}

#[test]
fn a_wrong_value_is_told_with_what_is_allowed() {
    check(
        "vpin:\n  buckets: 0",
        "c.yaml:2:12: vpin.buckets: 0 is not allowed, must be 1 to 500",
    );
}

#[test]
fn a_rule_between_fields_is_placed_on_the_field_it_refuses() {
    check(
        "vpin:\n  buckets: 10",
        "default:3:11: vpin.window: 20 is not allowed, must be at most `buckets`",
    );
}

#[test]
fn an_unknown_key_names_the_nearest() {
    const ALLOWED: &str = "(allowed: buckets, window, sigma, method, tiers, note, vendor_key, \
                           pair, by_day)";
    check(
        "vpin:\n  bukets: 5\n  zzzz: 1",
        &format!(
            "c.yaml:2:3: unknown key `bukets` in `vpin`, did you mean `buckets`? {ALLOWED}\n\
             c.yaml:3:3: unknown key `zzzz` in `vpin` {ALLOWED}"
        ),
    );
    check(
        "vpin: {tiers: [{name: a, size: 1, sise: 2}]}",
        "c.yaml:1:35: unknown key `sise` in `vpin.tiers[0]`, did you mean `size`? \
         (allowed: name, size)",
    );
}

#[test]
fn an_unknown_section_names_the_nearest() {
    check(
        "vpni: {}",
        "c.yaml:1:1: unknown section `vpni`, did you mean `vpin`? (allowed: ibkr, signals, vpin)",
    );
    check(
        "signals: {one_dte: {}}",
        "c.yaml:1:11: unknown section `one_dte` in `signals` (allowed: zero_dte)",
    );
    check(
        "signals: 5",
        "missing section `signals.zero_dte`\n\
         c.yaml:1:10: signals: found 5, must be a map of sections",
    );
    check("5", "c.yaml:1:1: found 5, must be a map of sections");
    assert!(
        finish(
            Layers::new(DEFAULT)
                .file("c.yaml", "ibkr: {port: 1}")
                .load()
        )
        .is_ok()
    );
}

/// Checks what is said about one line of the section `vpin`.
#[track_caller]
fn check_line(line: &str, expected: &str) {
    check(&format!("vpin:\n  {line}"), &format!("c.yaml:2:{expected}"));
}

#[test]
fn a_wrong_type_is_told_with_what_was_found() {
    check_line(
        "buckets: fifty",
        "12: vpin.buckets: found \"fifty\" (text), must be a whole number",
    );
    check_line(
        "buckets: '50'",
        "12: vpin.buckets: found \"50\" (text), must be a whole number",
    );
    check_line(
        "buckets: 5.0",
        "12: vpin.buckets: found 5.0, must be a whole number",
    );
    check_line(
        "buckets: -1",
        "12: vpin.buckets: -1 is not allowed, must be 0 to 4294967295",
    );
    check_line(
        "buckets: true",
        "12: vpin.buckets: found true, must be a whole number",
    );
    check_line(
        "buckets:",
        "3: vpin.buckets: found nothing, must be a whole number",
    );
    check_line(
        "buckets: [1]",
        "3: vpin.buckets: found a list, must be a whole number",
    );
    check_line(
        "buckets: {a: 1}",
        "3: vpin.buckets: found a map, must be a whole number",
    );
    check_line(
        "window: 70000",
        "11: vpin.window: 70000 is not allowed, must be 0 to 65535",
    );
    check_line(
        "sigma: .nan",
        "10: vpin.sigma: found .nan, must be a finite number",
    );
    check_line(
        "sigma: 1e999",
        "10: vpin.sigma: found 1e999, must be a finite number",
    );
    check_line(
        "sigma: high",
        "10: vpin.sigma: found \"high\" (text), must be a finite number",
    );
}

#[test]
fn a_list_or_map_of_the_wrong_shape_is_told() {
    check_line("tiers: 5", "10: vpin.tiers: found 5, must be a list");
    check_line(
        "tiers: [7]",
        "11: vpin.tiers[0]: found 7, must be a map with name, size",
    );
    check_line("note: [x]", "3: vpin.note: found a list, must be text");
    check_line(
        "pair: [1]",
        "3: vpin.pair: found a list of 1 values, must be a list of 2 values",
    );
    check_line(
        "pair: [300, true]",
        "10: vpin.pair[0]: 300 is not allowed, must be 0 to 255",
    );
    check_line(
        "pair: [1, yes]",
        "13: vpin.pair[1]: found \"yes\" (text), must be true or false",
    );
    check_line(
        "by_day: {300: x}",
        "12: vpin.by_day.300: 300 is not allowed, must be 0 to 255",
    );
    let long = "9".repeat(45);
    check_line(
        &format!("buckets: {long}"),
        &format!("12: vpin.buckets: {long} is not allowed, must be 0 to 4294967295"),
    );
}

#[test]
fn a_broken_rule_is_told_in_our_words() {
    check(
        "vpin: {window: 1}",
        "c.yaml:1:16: vpin.window: 1 is not allowed, must be at least 2",
    );
    check(
        "vpin: {window: 391}",
        "c.yaml:1:16: vpin.window: 391 is not allowed, must be at most 390",
    );
    check(
        "vpin: {sigma: 1.5}",
        "c.yaml:1:15: vpin.sigma: 1.5 is not allowed, must be 0 to 1",
    );
    check(
        "vpin: {tiers: []}",
        "c.yaml:1:8: vpin.tiers: a list of 0 is not allowed, must have a length of at least 1",
    );
    check(
        "vpin: {tiers: [{name: a, size: 1}, {name: b, size: 0}]}",
        "c.yaml:1:52: vpin.tiers[1].size: 0 is not allowed, must be 1 to 9",
    );
}

#[test]
fn a_missing_key_is_named_with_its_section() {
    let layers = Layers::new("vpin:\n  buckets: 5\nsignals:\n  zero_dte:\n");
    assert_eq!(
        sentences(finish(layers.load())),
        "default:1:1: missing key `window` in section `vpin`\n\
         default:4:3: missing key `min_confidence` in section `signals.zero_dte`"
    );
    check(
        "vpin: {tiers: [{name: a}]}",
        "c.yaml:1:16: missing key `size` in `vpin.tiers[0]`",
    );
    assert_eq!(
        sentences(finish(Layers::new("").load())),
        "missing section `signals.zero_dte`\nmissing section `vpin`"
    );
}

#[test]
fn an_enum_is_a_name_or_a_map_with_one_key() {
    let method = |yaml: &str| {
        let text = format!("vpin: {{method: {yaml}}}");
        finish(Layers::new(DEFAULT).file("c.yaml", text).load())
            .unwrap()
            .method
    };
    assert_eq!(method("tick"), Method::Tick);
    assert_eq!(method("{tick: }"), Method::Tick);
    assert_eq!(
        method("{lee_ready: {lag_ms: 5}}"),
        Method::LeeReady { lag_ms: 5 }
    );
    assert_eq!(method("{custom: 12}"), Method::Custom("12".to_owned()));
    let wrong = |yaml: &str, expected: &str| {
        check(
            &format!("vpin: {{method: {yaml}}}"),
            &format!("c.yaml:1:{expected}"),
        );
    };
    const ALLOWED: &str = "(allowed: bvc, tick, lee_ready, custom)";
    wrong(
        "lee_redy",
        &format!("16: vpin.method: unknown value `lee_redy`, did you mean `lee_ready`? {ALLOWED}"),
    );
    wrong(
        "{tck: 1}",
        &format!("17: vpin.method: unknown value `tck`, did you mean `tick`? {ALLOWED}"),
    );
    wrong(
        "lee_ready",
        "16: missing key `lag_ms` in `vpin.method.lee_ready`",
    );
    wrong(
        "{lee_ready: {lag: 1}}",
        "17: missing key `lag_ms` in `vpin.method.lee_ready`\n\
         c.yaml:1:29: unknown key `lag` in `vpin.method.lee_ready`, did you mean `lag_ms`? (allowed: lag_ms)",
    );
    wrong(
        "{tick: 1, bvc: 2}",
        "8: vpin.method: found a map with tick, bvc, must be one of bvc, tick, lee_ready, custom",
    );
    wrong(
        "{tick: 1}",
        "23: vpin.method.tick: found 1, must be left empty",
    );
    wrong(
        "[tick]",
        "8: vpin.method: found a list, must be one of bvc, tick, lee_ready, custom",
    );
    wrong(
        "~",
        "8: vpin.method: found nothing, must be one of bvc, tick, lee_ready, custom",
    );
}

#[test]
fn everything_wrong_is_told_at_once() {
    check(
        "vpin:\n  buckets: x\n  bukets: 1\n  sigma: y\n  tiers:\n  - {name: a, size: x}\n  - \
         {nam: a, size: 300}\n  - {name: [], size: -1}\n\
         signals: {zero_dte: {min_confidence: 101}}\nnews: 1",
        "c.yaml:2:12: vpin.buckets: found \"x\" (text), must be a whole number\n\
         c.yaml:3:3: unknown key `bukets` in `vpin`, did you mean `buckets`? (allowed: buckets, \
         window, sigma, method, tiers, note, vendor_key, pair, by_day)\n\
         c.yaml:4:10: vpin.sigma: found \"y\" (text), must be a finite number\n\
         c.yaml:6:21: vpin.tiers[0].size: found \"x\" (text), must be a whole number\n\
         c.yaml:7:6: unknown key `nam` in `vpin.tiers[1]`, did you mean `name`? \
         (allowed: name, size)\n\
         c.yaml:7:20: vpin.tiers[1].size: 300 is not allowed, must be 0 to 255\n\
         c.yaml:8:6: vpin.tiers[2].name: found a list, must be text\n\
         c.yaml:8:22: vpin.tiers[2].size: -1 is not allowed, must be 0 to 255\n\
         c.yaml:9:38: signals.zero_dte.min_confidence: 101 is not allowed, must be at most 100\n\
         c.yaml:10:1: unknown section `news` (allowed: ibkr, signals, vpin)",
    );
}

/// A scenario in the shape of the ones the program reads.
#[derive(Debug, PartialEq, Deserialize, Validate)]
struct Scenario {
    #[garde(dive)]
    recorded: Vec<Recorded>,
    #[serde(default)]
    #[garde(skip)]
    at: Vec<Fault>,
    #[serde(default)]
    #[garde(dive)]
    limits: BTreeMap<String, Limit>,
}

#[derive(Debug, PartialEq, Deserialize, Validate)]
struct Limit {
    #[garde(range(min = 1))]
    size: i32,
}

#[derive(Debug, PartialEq, Deserialize, Validate)]
#[serde(rename_all = "snake_case")]
enum Recorded {
    LeanTicks {
        #[garde(length(min = 1))]
        dir: String,
        #[serde(rename = "levels")]
        #[garde(range(max = 10))]
        depth: u8,
    },
}

/// Serde keeps the text of such an enum for itself before it decides.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Fault {
    Jump { percent: f64 },
    Drop { seconds: u8 },
}

#[track_caller]
fn check_scenario(yaml: &str, expected: &str) {
    let read = read::<Scenario>(&parse_file("s.yaml", yaml).unwrap());
    assert_eq!(read.unwrap_err().to_string(), expected, "{yaml}");
}

#[test]
fn a_scenario_is_told_like_a_section() {
    let yaml = "recorded: [lean_ticks: {dir: x, levels: 3}]\nat: [{kind: drop, seconds: 5}]";
    let scenario: Scenario = read(&parse_file("s.yaml", yaml).unwrap()).unwrap();
    assert_eq!(scenario.at, [Fault::Drop { seconds: 5 }]);
    check_scenario("", "s.yaml:1:1: missing key `recorded`");
    check_scenario(
        "7",
        "s.yaml:1:1: found 7, must be a map with recorded, at, limits",
    );
    check_scenario(
        "recorded:\n- lean_tiks: {}\n- lean_ticks: {dir: '', levels: 30, x: 1}\nrecorder: 1",
        "s.yaml:2:3: recorded[0]: unknown value `lean_tiks`, did you mean `lean_ticks`? \
         (allowed: lean_ticks)\n\
         s.yaml:3:37: unknown key `x` in `recorded[1].lean_ticks` (allowed: dir, levels)\n\
         s.yaml:4:1: unknown key `recorder`, did you mean `recorded`? \
         (allowed: recorded, at, limits)",
    );
    check_scenario(
        "recorded: [lean_ticks: {dir: '', levels: 30}]\nlimits: {a.b: {size: 0}, c: {size: 1}}",
        "s.yaml:1:12: recorded[0].depth: must be at most 10\n\
         s.yaml:1:30: recorded[0].lean_ticks.dir: \"\" is not allowed, \
         must have a length of at least 1\n\
         s.yaml:2:22: limits.\"a.b\".size: 0 is not allowed, must be at least 1",
    );
    check_scenario(
        "recorded: []\nat: [{kind: drop, seconds: x}, {kind: dorp}, {kind: jump, percnt: 1}]",
        "s.yaml:2:6: at[0]: found text in it, must be a whole number\n\
         s.yaml:2:39: at[1].kind: unknown value `dorp`, did you mean `drop`? \
         (allowed: jump, drop)\n\
         s.yaml:2:46: unknown key `percnt` in `at[2]`, did you mean `percent`? (allowed: percent)",
    );
}
