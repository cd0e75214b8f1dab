//! What all verbs have in common: help, formats, exit codes, one sentence for an error.

use crate::program::{alphatrader, rows};
use std::io::Read;
use std::process::{Command, Stdio};

const OPTION: &[u8] = b"sigma,q,r,T,K,S,type,note\n\
    0.2,0,0.05,0.5,100,100,C,first\n\
    x,0,0.05,0.5,100,100,C,second\n\
    0.2,0,0.05,-0.1,100,100,P,third\n";

#[test]
fn every_verb_has_help_with_an_example() {
    for verb in [
        &["simulate"][..],
        &["replay"],
        &["check"],
        &["show-config"],
        &["journal", "show"],
        &["journal", "verify"],
        &["status"],
        &["halt"],
        &["pause"],
        &["keys"],
        &["analyze"],
        &["analyze", "greeks"],
        &["analyze", "implied-vol"],
        &["analyze", "vpin"],
        &["analyze", "levels"],
        &["analyze", "imbalance"],
        &["analyze", "closing"],
        &["analyze", "snapshots"],
        &["analyze", "vendor"],
        &["analyze", "american"],
        &["analyze", "regimes"],
        &["completions"],
        &["man"],
    ] {
        let run = alphatrader(verb.iter().chain(&["--help"]), b"");
        assert_eq!(run.code, Some(0));
        assert!(run.stdout.contains("Example"), "{verb:?} shows no example");
    }
}

#[test]
fn the_version_is_told() {
    let run = alphatrader(["--version"], b"");
    assert!(run.stdout.starts_with("alphatrader 0."), "{}", run.stdout);
    assert_eq!(run.code, Some(0));
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for arguments in [
        &["frobnicate"][..],
        &["analyze", "greeks"],
        &["analyze", "greeks", "-", "--format", "xml"],
        &["analyze", "greeks", "-", "--json", "--format", "csv"],
        &["analyze", "vpin", "-", "--bucket-volume", "-3"],
        &["man", "frobnicate"],
        &[],
    ] {
        let run = alphatrader(arguments, b"");
        assert_eq!(run.code, Some(2), "{arguments:?}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn verbs_that_do_not_exist_are_not_offered() {
    let help = alphatrader(["--help"], b"").stdout;
    for verb in ["doctor", "backtest", "distribute"] {
        assert!(!help.contains(verb), "{verb}");
    }
}

#[test]
fn a_row_that_cannot_be_computed_keeps_its_id_and_says_why() {
    let run = alphatrader(["analyze", "greeks", "-"], OPTION);
    let found = run.rows();
    let of = |column: &str| {
        found
            .iter()
            .map(|row| row[column].as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(of("id"), ["0", "1", "2"]);
    assert_eq!(of("status"), ["ok", "error", "expired"]);
    assert!(!of("price")[0].is_empty() && of("price")[1].is_empty());
    assert_eq!(
        run.stderr.lines().next().unwrap(),
        "Warning: stdin:3: `sigma` was \"x\" is not allowed, must be a number"
    );
}

#[test]
fn json_is_one_document_with_null_for_missing() {
    let document = alphatrader(["analyze", "greeks", "-", "--json"], OPTION).json();
    let found = document.as_array().unwrap();
    assert_eq!(found.len(), 3);
    assert!(found[0]["delta"].is_number() && found[1]["delta"].is_null());
    let csv = alphatrader(["--format", "csv", "analyze", "greeks", "-"], OPTION).rows();
    let delta: f64 = csv[0]["delta"].parse().unwrap();
    assert_eq!(found[0]["delta"].as_f64(), Some(delta));
}

#[test]
fn a_missing_column_is_named_with_those_found() {
    let run = alphatrader(["analyze", "greeks", "-"], b"type,S,K,T,r,q\n");
    assert_eq!(run.code, Some(1));
    assert_eq!(
        run.stderr,
        "Error: stdin:1: column `sigma` is missing, found type, S, K, T, r, q\n"
    );
    assert!(run.stdout.is_empty());
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let run = alphatrader(["analyze", "greeks", "no/such/file.csv"], b"");
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("no/such/file.csv"), "{}", run.stderr);
    let torn = alphatrader(["analyze", "greeks", "-"], b"PK\x03\x04 and then nothing");
    assert_eq!(torn.code, Some(1));
    assert!(torn.stderr.contains("unpacked"), "{}", torn.stderr);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let books = "bid_px1,bid_sz1,ask_px1,ask_sz1\n".to_owned() + &"10,5,11,5\n".repeat(200_000);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), books).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(["analyze", "imbalance"])
        .arg(file.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut some = [0; 100];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut some).unwrap();
    drop(stdout);
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}

#[test]
fn stdin_is_a_file_like_any_other_and_zips_are_opened() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("options.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    std::io::Write::write_all(&mut zip, OPTION).unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    let plain = alphatrader(["analyze", "greeks", "-"], OPTION);
    let zipped = alphatrader(["analyze", "greeks", "-"], &bytes);
    assert_eq!(rows(&plain.stdout), rows(&zipped.stdout));
    assert_eq!(zipped.code, Some(0));
}

#[test]
fn completions_and_man_pages_are_written() {
    for shell in ["bash", "zsh", "fish"] {
        let run = alphatrader(["completions", shell], b"");
        assert!(run.code == Some(0) && run.stdout.contains("implied-vol"));
    }
    let man = alphatrader(["man"], b"");
    assert!(man.code == Some(0) && man.stdout.contains(".TH"));
    let verb = alphatrader(["man", "analyze", "vpin"], b"");
    assert!(verb.code == Some(0) && verb.stdout.contains("bucket"));
}

#[test]
fn a_config_that_wants_real_money_is_refused_with_78_and_every_reason() {
    let place = tempfile::tempdir().unwrap();
    let config = place.path().join("live.yaml");
    let path = config.to_str().unwrap();
    let state = place.path().to_str().unwrap();
    std::fs::write(&config, "mode: live\nbroker: { account: DU1 }\n").unwrap();
    let check = &["check", "--config", path][..];
    let simulate = &["simulate", "--config", path, "--state-dir", state][..];
    for arguments in [check, simulate] {
        let run = alphatrader(arguments, b"");
        assert_eq!(run.code, Some(78), "{}", run.stderr);
        let reasons = ["feature live", "--live", "DU1", "no broker", "arm.json"];
        for reason in reasons {
            assert!(run.stderr.contains(reason), "{reason}: {}", run.stderr);
        }
    }
    // Nothing was started that a second run would find.
    assert!(!place.path().join("lock").exists());
    std::fs::write(&config, "mode: real\n").unwrap();
    let run = alphatrader(["check", "--config", path], b"");
    assert_eq!(run.code, Some(4));
    let told = run.stderr.contains("mode") && run.stderr.contains("paper");
    assert!(told, "{}", run.stderr);
    std::fs::write(&config, "mode: paper\n").unwrap();
    assert_eq!(alphatrader(["check", "--config", path], b"").code, Some(0));
}
