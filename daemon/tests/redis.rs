//! `simulate --redis` against a real `redis-server`: what it shows, and that a server which dies or
//! stops answering in the middle of a run changes nothing but the report on the mirror.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where by panicking"
)]

use redis::Connection;
use redis_mirror::testing::RedisServer;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use wire::keys::{Encoding, GlobalKey, schema};

/// Long enough to be disturbed, and with everything that is shown.
const SCENARIO: &str = "\
seed: 5
start: 2026-03-02T09:44:00-05:00[America/New_York]
ticks: 9600
market: { underlyings: 2, contracts_per_chain: 200 }
watchlists: { sectors: { AAA: technology } }
";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("shown.yaml"), SCENARIO).unwrap();
        Self(folder)
    }

    fn scenario(&self) -> PathBuf {
        self.0.path().join("shown.yaml")
    }

    fn simulate(&self, url: Option<&str>) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_alphatrader"));
        command.args(["simulate", "--json"]).arg(self.scenario());
        if let Some(url) = url {
            command.args(["--redis", url]);
        }
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }
}

/// The summary of a run that must end well.
fn summary(child: Child) -> Value {
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Waits until the run shows itself.
fn until_shown(connection: &mut Connection, child: &mut Child) {
    loop {
        let shown: bool = redis::cmd("EXISTS")
            .arg(GlobalKey::Heartbeat.key())
            .query(connection)
            .unwrap();
        if shown {
            return;
        }
        assert!(
            child.try_wait().unwrap().is_none(),
            "the run showed nothing"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn is_running(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_none()
}

/// What no server may change.
fn result(summary: &Value) -> [Value; 6] {
    [
        "digest",
        "transcript_sha256",
        "events",
        "signals",
        "orders",
        "pnl_usd",
    ]
    .map(|key| summary[key].clone())
}

/// The key of a kind for the first symbol, if it is there as it is documented.
fn is_as_documented(connection: &mut Connection, index: usize) -> bool {
    let doc = &schema()[index];
    let key = doc
        .pattern
        .replace("{symbol}", "AAA")
        .replace("{sector}", "technology");
    let kind: String = redis::cmd("TYPE").arg(&key).query(connection).unwrap();
    if kind == "none" {
        return false;
    }
    let expected = match doc.value {
        Encoding::Stream => "stream",
        Encoding::Json | Encoding::Number => "string",
    };
    assert_eq!(kind, expected, "{key}");
    let left_ms: i64 = redis::cmd("PTTL").arg(&key).query(connection).unwrap();
    match doc.ttl_ms {
        // Gone between the two questions.
        Some(_) if left_ms == -2 => return false,
        Some(ttl_ms) => assert!(
            0 <= left_ms && left_ms <= i64::try_from(ttl_ms).unwrap(),
            "{key} lives for {left_ms} ms"
        ),
        None => assert_eq!(left_ms, -1, "{key}"),
    }
    true
}

#[test]
fn a_run_shows_every_documented_key_with_its_life_time() {
    let place = Place::new();
    let plain = summary(place.simulate(None));
    assert!(plain["mirror"].is_null());
    assert!(plain["orders"]["filled"].as_u64().unwrap() > 0);
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut child = place.simulate(Some(&server.url()));
    let mut missing: BTreeSet<usize> = (0..schema().len()).collect();
    while is_running(&mut child) {
        missing.retain(|index| !is_as_documented(&mut connection, *index));
        std::thread::sleep(Duration::from_millis(5));
    }
    let found = summary(child);
    let names: Vec<_> = missing
        .iter()
        .map(|index| schema()[*index].pattern)
        .collect();
    assert!(names.is_empty(), "never shown: {names:?}");
    assert_eq!(result(&found), result(&plain));
    let mirror = &found["mirror"];
    assert_eq!(mirror["connected"], true, "{mirror}");
    assert_eq!(mirror["errors"], 0, "{mirror}");
    assert_eq!(mirror["published"], 9_600, "{mirror}");
}

#[test]
fn a_server_killed_in_the_middle_of_a_run_changes_nothing_but_the_report() {
    let place = Place::new();
    let plain = summary(place.simulate(None));
    let mut server = RedisServer::start();
    let mut connection = server.connection();
    let mut child = place.simulate(Some(&server.url()));
    until_shown(&mut connection, &mut child);
    server.kill();
    assert!(
        is_running(&mut child),
        "the run was over before the server died"
    );
    let found = summary(child);
    assert_eq!(result(&found), result(&plain));
    let mirror = &found["mirror"];
    assert_eq!(mirror["connected"], false, "{mirror}");
    assert!(mirror["errors"].as_u64().unwrap() > 0, "{mirror}");
    assert!(mirror["conflated"].as_u64().unwrap() > 0, "{mirror}");
}

#[test]
fn a_server_that_stops_answering_changes_nothing_but_the_report() {
    let place = Place::new();
    let plain = summary(place.simulate(None));
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut child = place.simulate(Some(&server.url()));
    until_shown(&mut connection, &mut child);
    server.pause();
    assert!(
        is_running(&mut child),
        "the run was over before the server stopped"
    );
    let found = summary(child);
    server.resume();
    assert_eq!(result(&found), result(&plain));
    let mirror = &found["mirror"];
    assert_eq!(mirror["connected"], false, "{mirror}");
    assert!(mirror["errors"].as_u64().unwrap() > 0, "{mirror}");
}

#[test]
fn a_server_that_was_never_there_changes_nothing_but_the_report() {
    let place = Place::new();
    let plain = summary(place.simulate(None));
    let url = {
        let server = RedisServer::start();
        server.url()
    };
    let found = summary(place.simulate(Some(&url)));
    assert_eq!(result(&found), result(&plain));
    assert_eq!(found["mirror"]["connected"], false);
    assert!(found["mirror"]["errors"].as_u64().unwrap() > 0);
    let output = Command::new(env!("CARGO_BIN_EXE_alphatrader"))
        .args(["simulate", "--redis", "localhost"])
        .arg(place.scenario())
        .output()
        .unwrap();
    let words = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(words.contains("redis://"), "{words}");
}
