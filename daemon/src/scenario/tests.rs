//! What a scenario file may say, and what it is told when it says something else.

use super::*;
use components::units::Timestamp;
use engine::clock::TICK_MS;
use proptest::prelude::*;

const SECTIONS: [&str; 3] = ["exchange", "rates", "vpin"];

fn text(yaml: &str) -> Text {
    Text {
        file: "scenarios/x.yaml".to_owned(),
        text: yaml.to_owned(),
    }
}

fn scenario(yaml: &str) -> Scenario {
    read_scenario(&text(yaml), &SECTIONS).unwrap().scenario
}

fn refused(yaml: &str) -> String {
    read_scenario(&text(yaml), &SECTIONS)
        .unwrap_err()
        .to_string()
}

fn plan(yaml: &str) -> Plan {
    Plan::new(&scenario(yaml)).unwrap()
}

fn unplanned(yaml: &str) -> String {
    Plan::new(&scenario(yaml)).unwrap_err().to_string()
}

const SQUEEZE: &str = "\
seed: 9
start: 2026-03-02T09:30:00-05:00[America/New_York]
ticks: 4800
market: { underlyings: 4, contracts_per_chain: 400 }
at:
  - time: 00:10:00
    spot_jump: { symbol: AAA, percent: 3.0 }
  - time: 00:12:00.250
    feed_drop: { feed: quotes, seconds: 5 }
  - time: 00:13:00
    overrun: { ticks: 3 }
expect: { orders: 3, halts: 0, signals: { min: 1 } }
vpin: { window: 10 }
";

#[test]
fn the_example_of_the_design_reads() {
    let read = read_scenario(&text(SQUEEZE), &SECTIONS).unwrap();
    assert_eq!((read.scenario.name.as_str(), read.scenario.seed), ("x", 9));
    assert_eq!(read.overrides.keys().collect::<Vec<_>>(), ["vpin"]);
    let plan = Plan::new(&read.scenario).unwrap();
    assert_eq!((plan.windows.len(), plan.ticks), (1, Some(4800)));
    let start = plan.windows[0].start;
    assert_eq!(plan.moves[0].at, start.plus_millis(600_000));
    assert_eq!(plan.faults[0].from, start.plus_millis(720_250));
    assert_eq!(plan.faults[0].until, start.plus_millis(725_250));
    assert_eq!(plan.overruns[0].lost, 3);
}

#[test]
fn a_time_with_its_zone_reads_between_braces_too() {
    let set = "file: c.csv, underlying: SPX, time: 2022-03-23T10:11:00-04:00[America/New_York]";
    let chain = scenario(&format!("recorded:\n  - cboe_chain: {{ {set} }}\n"));
    assert_eq!(chain.recorded[0].date().to_string(), "2022-03-23");
    let error = refused(&format!(
        "recorded:\n  - cboe_chain: {{ {set} }}\nsed: [1, 2]\n"
    ));
    assert!(
        error.starts_with("scenarios/x.yaml:3:1: unknown key `sed`"),
        "{error}"
    );
    assert!(refused(&format!("recorded:\n  - cboe_chain: {{ {set}\n")).contains("not valid YAML"));
}

#[test]
fn an_unknown_key_names_its_place_and_the_nearest_one() {
    let error = refused("market: {}\nsed: 7\n");
    assert!(
        error.starts_with("scenarios/x.yaml:2:1: unknown key `sed`"),
        "{error}"
    );
    assert!(error.contains("did you mean `seed`?"), "{error}");
    let error = refused("market: { underlying: 4 }\n");
    assert!(
        error.contains(":1:11:") && error.contains("`underlyings`"),
        "{error}"
    );
    let error = refused("market: {}\nat: [{ time: 00:00:01, spot_jmp: {} }]\n");
    assert!(error.contains("`spot_jump`"), "{error}");
}

#[test]
fn a_bad_value_names_its_place_and_what_is_allowed() {
    let error = refused("market: {}\nat:\n  - time: 10\n    overrun: { ticks: 1 }\n");
    assert!(
        error.contains("x.yaml:3:11") && error.contains("00:10:00"),
        "{error}"
    );
    let error = refused("market: {}\nat:\n  - { time: 00:61:00, overrun: { ticks: 1 } }\n");
    assert!(error.contains("00:61:00"), "{error}");
    let error = refused("market: {}\nat:\n  - { time: 00:01:00, overrun: { ticks: 0 } }\n");
    assert!(error.contains("must be 1 to 100000"), "{error}");
    let error = refused("market: { underlyings: 0 }\n");
    assert!(error.contains("x.yaml:1:24"), "{error}");
    let error = refused("market: {}\nstart: 2026-03-01T09:30:00-05:00[America/New_York]\n");
    assert!(error.contains("2026-03-01 has none"), "{error}");
    let error = refused("market: {}\nstart: 2026-03-02T09:29:00-05:00[America/New_York]\n");
    assert!(error.contains("09:30"), "{error}");
    let error = refused("market: {}\nsessions: [2026-03-02, 2026-07-03]\n");
    assert!(
        error.contains("sessions[1]") && error.contains("x.yaml:2:24"),
        "{error}"
    );
    let set = "{ dir: x, symbol: IBM, date: 2013-10-05 }";
    let error = refused(&format!("recorded:\n  - lean_ticks: {set}\n"));
    assert!(error.contains("2013-10-05 has none"), "{error}");
}

#[test]
fn something_that_happens_is_one_thing() {
    let error = refused("market: {}\nat:\n  - time: 00:00:01\n");
    assert!(error.contains("0 actions were found"), "{error}");
    let two = "{ time: 00:00:01, overrun: { ticks: 1 }, halt: { symbol: AAA, seconds: 1 } }";
    let error = refused(&format!("market: {{}}\nat:\n  - {two}\n"));
    assert!(error.contains("2 actions were found"), "{error}");
}

#[test]
fn parts_that_do_not_fit_together_are_told() {
    assert!(unplanned("seed: 1\n").contains("`market` and `recorded` are missing"));
    assert!(unplanned("").contains("`market` and `recorded` are missing"));
    let at = |symbol: &str| {
        format!(
            "market: {{}}\nat: [{{ time: 00:00:01, halt: {{ symbol: {symbol}, seconds: 1 }} }}]"
        )
    };
    assert_eq!(plan(&at("AAA")).moves.len(), 1);
    assert_eq!(
        unplanned(&at("ZZZ")),
        "`at[0]`: symbol ZZZ is not in the scenario, which has AAA, BBB, CCC, DDD"
    );
    let end = "end: 2026-03-02T10:00:00-05:00[America/New_York]\n";
    assert!(unplanned(&format!("market: {{}}\nticks: 5\n{end}")).contains("both there"));
    let start = "start: 2026-03-02T10:00:00-05:00[America/New_York]\n";
    assert!(unplanned(&format!("market: {{}}\n{start}{end}")).contains("must be after"));
    let day = "{ dir: x, symbol: IBM, date: 2013-10-07 }";
    let other = format!("recorded: [{{ lean_ticks: {day} }}]\n{end}");
    assert!(unplanned(&other).contains("must be on one of the scenario's days: 2013-10-07"));
    let moved = format!(
        "recorded: [{{ lean_ticks: {day} }}]\n\
         at: [{{ time: 00:00:01, spot_jump: {{ symbol: IBM, percent: 1 }} }}]"
    );
    assert!(unplanned(&moved).contains("is recorded"));
}

#[test]
fn a_recorded_underlying_is_halted_by_a_script() {
    let set = "{ dir: x, symbol: IBM, date: 2013-10-07 }";
    let plan = plan(&format!(
        "recorded: [{{ lean_ticks: {set} }}]\n\
         at: [{{ time: 01:00:00, halt: {{ symbol: IBM, seconds: 300 }} }}]"
    ));
    assert_eq!((plan.halts.len(), plan.moves.len()), (2, 0));
    assert_eq!(
        plan.halts[1].at.nanos_since(plan.halts[0].at),
        300_000_000_000
    );
    assert_eq!(plan.symbols.len(), 1);
}

#[test]
fn a_day_without_times_is_its_regular_session() {
    let whole = plan("market: {}\nsessions: [2026-03-03, 2026-03-02, 2026-11-27]\n");
    let ticks: Vec<u64> = whole.windows.iter().map(|window| window.ticks()).collect();
    // The day after Thanksgiving ends at 13:00.
    assert_eq!(ticks, [93_600, 93_600, 50_400]);
    assert!(whole.windows.is_sorted_by_key(|window| window.start));
    assert_eq!(plan("market: {}\n").windows.len(), 1);
    let two = "{ dir: g, underlying: GOOG, date: 2015-12-24 }";
    let one = "{ dir: g, underlying: GOOG, date: 2015-12-23 }";
    let days = plan(&format!(
        "recorded: [{{ lean_option_day: {two} }}, {{ lean_option_day: {one} }}]"
    ));
    let ticks: Vec<u64> = days.windows.iter().map(|window| window.ticks()).collect();
    assert_eq!(ticks, [93_600, 50_400]);
}

#[test]
fn start_and_end_cut_the_sessions() {
    let plan = plan(
        "market: {}\n\
         start: 2026-03-02T15:59:00-05:00[America/New_York]\n\
         end: 2026-03-04T09:31:00-05:00[America/New_York]\n",
    );
    let ticks: Vec<u64> = plan.windows.iter().map(|window| window.ticks()).collect();
    assert_eq!(ticks, [240, 93_600, 240]);
    let first: Timestamp = plan.windows[0].start;
    assert_eq!(first.plus_millis(240 * TICK_MS), plan.windows[0].end);
}

#[test]
fn the_built_in_scenarios_read_and_plan() {
    for (name, yaml) in BUILT_IN {
        let read = read_scenario(&text(yaml), &SECTIONS).unwrap();
        let plan = Plan::new(&read.scenario).unwrap();
        assert!(!plan.symbols.is_empty(), "{name}");
    }
    let day = plan(BUILT_IN[0].1);
    assert_eq!(
        day.windows.iter().map(|window| window.ticks()).sum::<u64>(),
        93_600
    );
    assert_eq!(day.symbols.len(), 4);
}

#[test]
fn an_offset_prints_as_it_is_written() {
    for text in ["00:10:00", "24:10:00", "00:00:00.250", "100:00:59"] {
        let offset = Offset::try_from(text.to_owned()).unwrap();
        assert_eq!(offset.to_string(), text);
    }
    for text in [
        "",
        "10",
        "00:10",
        "00:10:60",
        "0:1:1",
        "00:00:00.1234",
        "-1:00:00",
        "00:00:00:00",
    ] {
        assert!(Offset::try_from(text.to_owned()).is_err(), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        yaml in "([a-z]{0,9}:? ?[\\[{\"'&*!|>-]?[a-zA-Z0-9:., ]{0,12}[\\]}\"']?\n? ?){0,12}"
    ) {
        let _ = read_scenario(&text(&yaml), &SECTIONS);
    }

    #[test]
    fn any_damage_to_a_scenario_is_read_or_refused(
        place in 0..SQUEEZE.len(),
        with in "[ -~]{0,6}",
    ) {
        let mut yaml = SQUEEZE.to_owned();
        yaml.replace_range(place..=place, &with);
        if let Ok(read) = read_scenario(&text(&yaml), &SECTIONS) {
            let _ = Plan::new(&read.scenario);
        }
    }
}
