//! How layers override each other, what the environment fills in, and what stays hidden.

use engine::config::{Layers, parse_file};

use super::{DEFAULT, Vpin, check, check_environment, finish, pairs, sentences};

#[test]
fn layers_override_in_their_order() {
    let scenario = parse_file("s.yaml", "vpin: {buckets: 80, window: 40}").unwrap();
    let layers = Layers::new(DEFAULT)
        .flag("--window", "vpin.window", "45")
        .scenario(scenario)
        .environment(pairs(&[
            ("ALPHATRADER__VPIN__BUCKETS", "70"),
            ("ALPHATRADER__vpin__Method", "tick"),
            ("ALPHATRADER__SIGNALS__ZERO_DTE__MIN_CONFIDENCE", "65"),
            ("ALPHATRADER__VPIN__TIERS", "[{name: e, size: 2}]"),
            ("ALPHATRADER__VPIN__NOTE", "a: b # ${HOME}"),
            ("ALPHATRADER_DATA", "/data"),
        ]))
        .file("a.yaml", "vpin: {buckets: 60, sigma: 0.1}")
        .file("b.yaml", "vpin: {sigma: 0.2}\nsignals:\n");
    let mut config = layers.load().unwrap();
    let leaves: Vec<String> = config
        .leaves()
        .map(|l| format!("{} = {} <- {}", l.path, l.value, l.origin))
        .collect();
    assert_eq!(
        leaves,
        [
            "vpin.buckets = 80 <- s.yaml:1:17",
            "vpin.window = 45 <- flag --window",
            "vpin.sigma = 0.2 <- b.yaml:1:15",
            "vpin.method = tick <- env ALPHATRADER__vpin__Method",
            "vpin.tiers[0].name = e <- env ALPHATRADER__VPIN__TIERS",
            "vpin.tiers[0].size = 2 <- env ALPHATRADER__VPIN__TIERS",
            "vpin.note = a: b # ${HOME} <- env ALPHATRADER__VPIN__NOTE",
            "signals.zero_dte.min_confidence = 65 <- env \
             ALPHATRADER__SIGNALS__ZERO_DTE__MIN_CONFIDENCE",
        ]
    );
    let kinds: Vec<&str> = config.leaves().map(|l| l.origin.layer().kind()).collect();
    assert_eq!(kinds[..3], ["scenario", "flag", "file"]);
    assert_eq!(
        config.section::<Vpin>().unwrap().note.as_deref(),
        Some("a: b # ${HOME}")
    );
}

#[test]
fn a_wrong_variable_or_flag_is_named() {
    check_environment(
        "",
        &[
            ("ALPHATRADER__VPIN__BUCKETS", "0"),
            ("ALPHATRADER__VPIN__SIGMA", "[1"),
        ],
        "env ALPHATRADER__VPIN__SIGMA: not valid YAML: unclosed bracket '['",
    );
    check_environment(
        "",
        &[
            ("ALPHATRADER__VPIN__BUCKETS", "0"),
            ("ALPHATRADER__SIGNALS__ZERO_DTE__MIN", "1"),
        ],
        "env ALPHATRADER__SIGNALS__ZERO_DTE__MIN: unknown key `min` in `signals.zero_dte`, \
         did you mean `min_confidence`? \
         (allowed: min_confidence)\n\
         env ALPHATRADER__VPIN__BUCKETS: vpin.buckets: 0 is not allowed, must be 1 to 500",
    );
    check_environment(
        "",
        &[("ALPHATRADER__VPN__BUCKETS", "5")],
        "env ALPHATRADER__VPN__BUCKETS: unknown section `vpn`, did you mean `vpin`? \
         (allowed: ibkr, signals, vpin)",
    );
    check_environment(
        "",
        &[("ALPHATRADER__VPIN____X", "5"), ("ALPHATRADER__", "1")],
        "env ALPHATRADER__: an empty key is not allowed, must be ALPHATRADER__SECTION__KEY\n\
         env ALPHATRADER__VPIN____X: an empty key is not allowed, must be \
         ALPHATRADER__SECTION__KEY",
    );
    check_environment(
        "",
        &[
            ("ALPHATRADER__VPIN__BUCKETS", "5"),
            ("ALPHATRADER__VPIN__buckets", "6"),
        ],
        "env ALPHATRADER__VPIN__buckets: `vpin.buckets` is set by \
         ALPHATRADER__VPIN__BUCKETS as well",
    );
    let flagged = |path: &str| {
        let layers = Layers::new(DEFAULT).flag("--buckets", path, "-3");
        sentences(finish(layers.load()))
    };
    assert_eq!(
        flagged("vpin.buckets"),
        "flag --buckets: vpin.buckets: -3 is not allowed, must be 0 to 4294967295"
    );
    assert_eq!(
        flagged("vpin..x"),
        "flag --buckets: key path \"vpin..x\" is not allowed, must be SECTION.KEY"
    );
}

#[test]
fn the_environment_fills_values() {
    let note = |yaml: &str, variables: &[(&str, &str)]| {
        let text = format!("vpin:\n  note: {yaml}");
        let layers = Layers::new(DEFAULT)
            .file("c.yaml", text)
            .environment(pairs(variables));
        finish(layers.load())
            .map(|vpin| vpin.note)
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        note("${A}", &[("A", "${B} x")]),
        Ok(Some("${B} x".to_owned()))
    );
    assert_eq!(
        note("a ${A}-${B:?b} c", &[("A", "1"), ("B", "2")]),
        Ok(Some("a 1-2 c".to_owned()))
    );
    assert_eq!(
        note("$${A} $A $$", &[("A", "1")]),
        Ok(Some("${A} $A $$".to_owned()))
    );
    assert_eq!(note("${A}", &[]), Ok(None));
    assert_eq!(
        note("${A:?get one at x.org}", &[("A", "")]),
        Err("c.yaml:2:9: vpin.note: environment variable `A` is not set: get one at x.org".into())
    );
    assert_eq!(
        note("a ${A}", &[]),
        Err("c.yaml:2:9: vpin.note: environment variable `A` is not set".into())
    );
    for (yaml, found) in [
        ("${A", "`${` without its `}`"),
        ("${A:-b}", "`${A…}`"),
        ("${1}", "`${1…}`"),
    ] {
        let expected = format!(
            "c.yaml:2:9: vpin.note: {found} is not allowed, must be ${{NAME}} or ${{NAME:?hint}}, \
             or $${{ for a literal ${{"
        );
        assert_eq!(note(yaml, &[]), Err(expected));
    }
    check_environment(
        "vpin: {buckets: '${A}'}",
        &[],
        "c.yaml:1:17: vpin.buckets: found nothing (environment variable `A` is not set), \
         must be a whole number",
    );
}

#[test]
fn a_variable_nobody_needs_may_be_unset() {
    let yaml = "ibkr: {login: '${LOGIN:?your name}'}";
    assert!(finish(Layers::new(DEFAULT).file("c.yaml", yaml).load()).is_ok());
}

/// Everything that can be printed about a configuration.
fn all_text(layers: Layers) -> String {
    let mut config = layers.load().unwrap();
    let mut text = format!("{config:?}");
    for leaf in config.leaves() {
        text.push_str(&format!("{leaf:?}"));
    }
    let section = config.section::<Vpin>();
    let error = section.unwrap_err();
    format!("{text} {error} {error:?} {}", error.show())
}

#[test]
fn a_secret_is_never_printed() {
    let variables = [
        ("CANARY", "hush-5"),
        ("ALPHATRADER__VPIN__VENDOR_KEY", "hush-6"),
    ];
    for yaml in [
        "vpin: {buckets: '${CANARY}'}",
        "vpin:\n  buckets: a${CANARY}b",
        "vpin: {method: '${CANARY}'}",
        "vpin: {method: {lee_ready: {lag_ms: '${CANARY}'}}}",
        "vpin: {vendor_key: '${CANARY}'}",
        "vpin: {vendor_key: hush-7, buckets: 0}",
        "vpin: {vendor_key: [hush-7], buckets: {x_token: hush-8}}",
        "vpin: {sigma: '${CANARY}', tiers: ['${CANARY}']}",
    ] {
        for variables in [&variables[..1], &variables[..]] {
            let layers = Layers::new(DEFAULT)
                .file("c.yaml", yaml)
                .environment(pairs(variables));
            let text = all_text(layers);
            assert!(!text.contains("hush"), "{yaml}: {text}");
            assert!(text.contains("(redacted)"), "{yaml}: {text}");
        }
    }
}

#[test]
fn a_secret_that_is_refused_is_still_placed() {
    check(
        "vpin: {vendor_key: hush-hush}",
        "c.yaml:1:20: vpin.vendor_key: (redacted) is not allowed",
    );
    check_environment(
        "vpin: {buckets: '${N}'}",
        &[("N", "x1")],
        "c.yaml:1:17: vpin.buckets: found (redacted), must be a whole number",
    );
    check_environment(
        "vpin: {buckets: ${N}}",
        &[("N", "501")],
        "c.yaml:1:18: vpin: not valid YAML: while parsing a flow mapping, \
         did not find expected ',' or '}'",
    );
    check_environment(
        "vpin:\n  buckets: ${N}",
        &[("N", "501")],
        "c.yaml:2:12: vpin.buckets: (redacted) is not allowed, must be 1 to 500",
    );
}

#[test]
fn a_caret_points_at_the_value() {
    let mut config = Layers::new(DEFAULT)
        .file("c.yaml", "vpin:\n  buckets: 501 # many\n")
        .load()
        .unwrap();
    assert_eq!(
        config.section::<Vpin>().unwrap_err().show(),
        "c.yaml:2:12: vpin.buckets: 501 is not allowed, must be 1 to 500\n  \
           |\n\
         2 |   buckets: 501 # many\n  \
           |            ^"
    );
    let mut config = Layers::new(DEFAULT)
        .file("c.yaml", "vpin: {vendor_key: hush, buckets: 0}")
        .load()
        .unwrap();
    let shown = config.section::<Vpin>().unwrap_err().show();
    assert!(
        shown.contains("\n1 | vpin: {vendor_key: ****, buckets: 0}\n"),
        "{shown}"
    );
}

#[test]
fn the_hash_is_that_of_the_values() {
    let hash = |yaml: &str, variables: &[(&str, &str)]| {
        let layers = Layers::new(DEFAULT)
            .file("c.yaml", yaml)
            .environment(pairs(variables));
        layers.load().unwrap().hash()
    };
    let same = hash("", &[]);
    assert_ne!(hash("vpin: {sigma: '0.5'}", &[]), same);
    assert_eq!(hash("vpin: {window: 20, buckets: 50}", &[]), same);
    assert_eq!(hash("", &[("ALPHATRADER__VPIN__BUCKETS", "50")]), same);
    assert_ne!(hash("vpin: {buckets: 51}", &[]), same);
    assert_ne!(hash("vpin: {note: }", &[]), same);
    assert_ne!(hash("vpin: {tiers: []}", &[]), same);
    assert_eq!(hash("a: 1\nb: 2", &[]), hash("b: 2\na: 1", &[]));
    assert_eq!(
        hash("a_key: '${A}'", &[("A", "1")]),
        hash("a_key: '${A}'", &[])
    );
}

#[test]
fn a_secret_on_lines_of_its_own_is_masked_in_excerpts() {
    let yaml = "vpin:\n  vendor_key: |\n    hush\n    hush\n  b: 1\n";
    let broken = Layers::new(DEFAULT)
        .file("c.yaml", format!("{yaml}  b: 2\n"))
        .load();
    let shown = broken.unwrap_err().show();
    assert!(
        shown.contains("duplicate key `b`") && !shown.contains("hush"),
        "{shown}"
    );
}

#[test]
fn a_scenario_that_is_no_map_is_refused() {
    let layers = Layers::new(DEFAULT).scenario(parse_file("s.yaml", "[1]").unwrap());
    assert_eq!(
        layers.load().unwrap_err().to_string(),
        "s.yaml:1:1: found a list, must be a map of sections"
    );
}

#[test]
fn a_key_path_of_any_length_is_survived() {
    let name = format!("ALPHATRADER{}", "__A".repeat(100_000));
    let layers = Layers::new(DEFAULT).environment([(name, "1".to_owned())]);
    let error = layers.load().unwrap_err().to_string();
    assert!(
        error.ends_with(": too many keys, must be at most 64"),
        "{}",
        error.len()
    );
    let layers = Layers::new(DEFAULT).flag("--x", vec!["a"; 100_000].join("."), "1");
    assert!(layers.load().is_err());
}
