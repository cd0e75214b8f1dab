//! Commands through Redis: they may only reduce risk, and nothing depends on them.

use crate::running::{Place, stopped, wait};
use redis::Connection;
use redis_mirror::testing::RedisServer;
use serde_json::Value;
use wire::keys::{COMMANDS, GlobalKey};

fn add(connection: &mut Connection, fields: &[(&str, &str)]) {
    let mut command = redis::cmd("XADD");
    command.arg(COMMANDS.pattern).arg("*");
    for (name, value) in fields {
        command.arg(name).arg(value);
    }
    let _: String = command.query(connection).unwrap();
}

fn shown(connection: &mut Connection, key: GlobalKey) -> Option<Value> {
    let text: Option<String> = redis::cmd("GET").arg(key.key()).query(connection).unwrap();
    text.map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn redis_may_halt_and_never_resume_and_its_death_changes_nothing() {
    let place = Place::new();
    let mut server = RedisServer::start();
    let mut connection = server.connection();
    // What was said before the run began is not for it.
    add(&mut connection, &[("verb", "flatten")]);
    let (state, url) = (place.text("state"), server.url());
    let flags = ["--speed", "10x", "--state-dir", &state, "--redis", &url];
    let run = place.simulate(&flags);
    let status = place.until("a first tick", |status| status["tick"].as_u64() > Some(0));
    assert_eq!(status["restriction"], "active");

    add(&mut connection, &[("verb", "sell everything")]);
    add(
        &mut connection,
        &[("verb", "pause"), ("strategy", "nobody")],
    );
    add(&mut connection, &[("verb", "halt"), ("why", "from afar")]);
    let status = place.until("the halt", |status| status["halted"] == true);
    assert_eq!(status["last_command"]["source"], "mirror");
    assert_eq!(status["last_command"]["why"], "from afar");
    let halt =
        wait(|| shown(&mut connection, GlobalKey::Halt).filter(|halt| halt["halted"] == true))
            .unwrap();
    assert_eq!(halt["causes"][0], "operator");
    let status = shown(&mut connection, GlobalKey::Status).unwrap();
    assert_eq!(status["restriction"], "halted");

    // What comes after the resumption is obeyed, so the resumption was read and refused.
    add(&mut connection, &[("verb", "resume")]);
    add(
        &mut connection,
        &[("verb", "pause"), ("strategy", "zero_dte")],
    );
    let status = place.until("the pause", |status| status["paused"][0].is_object());
    assert_eq!(status["restriction"], "halted");

    server.kill();
    place.asked(&["resume"]);
    place.until("the resumption", |status| status["restriction"] == "active");
    let summary = stopped(run);
    let mirror = &summary["mirror"];
    assert_eq!(mirror["commands_taken"], 3, "{mirror}");
    assert_eq!(mirror["commands_ignored"], 2, "{mirror}");
    assert_eq!(mirror["connected"], false, "{mirror}");
}
