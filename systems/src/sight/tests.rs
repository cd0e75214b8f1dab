//! What is absent says why, and looking changes nothing.

use super::*;
use components::quality::{Quality, Stamp};
use components::units::Timestamp;

fn stamp(quality: Quality) -> Stamp {
    Stamp::new(Timestamp(5_000_000), 1_000, quality)
}

#[test]
fn what_is_absent_says_why_and_no_number_is_none() {
    let mut facts = Facts::default();
    facts.begin("levels", "a test", stamp(Quality::Ok));
    facts.number("call_wall_usd", "USD", None);
    facts.because("too few contracts");
    facts.number("zero_gamma_usd", "USD", Some(f64::NAN));
    facts.number("spot_usd", "USD", Some(100.5));
    facts.because("it is there");
    facts.begin("flow", "a test", stamp(Quality::Warmup));
    facts.number("vpin", "0 to 1", None);
    facts.word("flow_label", Some("toxic"));
    let found: Vec<_> = facts
        .list
        .iter()
        .map(|fact| (fact.name.as_str(), fact.number(), fact.reason.as_deref()))
        .collect();
    assert_eq!(
        found,
        [
            ("call_wall_usd", None, Some("too few contracts")),
            ("zero_gamma_usd", None, Some("there is none")),
            ("spot_usd", Some(100.5), None),
            ("vpin", None, None),
            ("flow_label", None, None),
        ]
    );
    assert_eq!(facts.list[4].value, Some(Value::Word("toxic".to_owned())));
    let validity = facts.list[3].validity;
    assert_eq!(validity.computed_at_ms, Some(5));
    assert_eq!(validity.valid_until_ms, Some(1_005));
    assert_eq!(validity.quality, wire::quality::Quality::Warmup);
}

#[test]
fn a_world_before_its_first_tick_knows_nothing() {
    let world = World::new();
    let found = look(&world, &["SPY".to_owned()], true);
    assert_eq!((found.v, found.tick), (wire::VERSION, 0));
    assert!(found.symbols.is_empty());
}
