//! The stream of commands on a real server: floods, garbage, old entries, an outage.

use crate::common::until;
use components::units::Timestamp;
use engine::calendar::Session;
use engine::clock::Tick;
use engine::command::{Command, CommandSource, OperatorCommand};
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::Feed;
use redis::Connection;
use redis_mirror::testing::RedisServer;
use redis_mirror::{CommandStream, Settings};
use wire::keys::COMMANDS;

fn stream(server: &RedisServer, look_back_ms: u64) -> CommandStream {
    let settings = Settings::default();
    CommandStream::new(&server.url(), settings, look_back_ms, &["zero_dte"]).unwrap()
}

fn add(connection: &mut Connection, id: &str, verb: &str) {
    let () = redis::cmd("XADD")
        .arg(&[COMMANDS.pattern, id, "verb", verb])
        .exec(connection)
        .unwrap();
}

/// What a tick takes, once there is something.
fn taken(stream: &mut CommandStream) -> Vec<OperatorCommand> {
    let mut commands = Vec::new();
    let now = Timestamp(1_000_000_000_000);
    until("a command came", || {
        let mut inbox = Inbox::default();
        let tick = Tick {
            number: 1,
            now,
            session: Session {
                date: jiff::civil::date(2026, 3, 2),
                open: Timestamp(0),
                close: Timestamp(i64::MAX),
                early_close: false,
            },
            opens_session: false,
            skipped: 0,
            jumped_ms: 0,
        };
        let directory = Directory::default();
        stream.drain(&tick, &directory, &mut inbox).unwrap();
        commands.extend(inbox.events().iter().map(|event| match &event.kind {
            EventKind::Commanded(command) => (**command).clone(),
            other => panic!("unexpected {other:?}"),
        }));
        !commands.is_empty()
    });
    commands
}

fn server_ms(connection: &mut Connection) -> u64 {
    let (seconds, micros): (u64, u64) = redis::cmd("TIME").query(connection).unwrap();
    seconds * 1_000 + micros / 1_000
}

#[test]
fn a_halt_behind_a_flood_of_garbage_arrives() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let mut stream = stream(&server, 0);
    let mut flood = redis::pipe();
    for _ in 0..20_000 {
        flood
            .cmd("XADD")
            .arg(&[COMMANDS.pattern, "*", "noise", "noise"])
            .ignore();
    }
    let () = flood.query(&mut connection).unwrap();
    add(&mut connection, "*", "halt");
    let commands = taken(&mut stream);
    assert_eq!(commands.len(), 1);
    assert_eq!(
        (commands[0].command, commands[0].source),
        (Command::Halt, CommandSource::Mirror)
    );
    let counts = stream.counter().counts();
    assert_eq!((counts.taken, counts.ignored), (1, 20_000));
}

#[test]
fn an_old_command_says_how_old_it_is_and_numbers_rise() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let old = server_ms(&mut connection) - 60_000;
    add(&mut connection, &format!("{old}-0"), "halt");
    let mut stream = stream(&server, 120_000);
    let first = taken(&mut stream);
    let age_ms = (1_000_000_000_000 - first[0].issued.0) / 1_000_000;
    assert!((60_000..90_000).contains(&age_ms), "{age_ms}");
    add(&mut connection, "*", "halt");
    let second = taken(&mut stream);
    assert!(first[0].number < second[0].number);
    let age_ms = (1_000_000_000_000 - second[0].issued.0) / 1_000_000;
    assert!(age_ms < 30_000, "{age_ms}");
}

#[test]
fn a_server_that_comes_back_is_heard_again() {
    let mut server = RedisServer::start();
    let mut stream = stream(&server, 0);
    let mut connection = server.connection();
    add(&mut connection, "*", "observe");
    assert_eq!(taken(&mut stream)[0].command, Command::Observe);
    server.kill();
    server.restart();
    let mut connection = server.connection();
    add(&mut connection, "*", "flatten");
    assert_eq!(taken(&mut stream)[0].command, Command::Flatten);
}

#[test]
fn a_key_of_another_type_is_survived() {
    let server = RedisServer::start();
    let mut connection = server.connection();
    let () = redis::cmd("SET")
        .arg(&[COMMANDS.pattern, "halt"])
        .exec(&mut connection)
        .unwrap();
    let mut stream = stream(&server, 0);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let () = redis::cmd("DEL")
        .arg(COMMANDS.pattern)
        .exec(&mut connection)
        .unwrap();
    add(&mut connection, "*", "cancel_all");
    assert_eq!(taken(&mut stream)[0].command, Command::CancelAll);
}
