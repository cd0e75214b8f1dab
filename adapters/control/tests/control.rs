//! A real socket, a real client, and an engine's side that drains as an engine does.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use components::order::{Order, OrderId, OrderKind, Role};
use components::signal::StrategyName;
use components::units::{Price, Timestamp};
use control::Error;
use control::client::ask;
use control::request::{Answer, Obstacle, Request, Verb};
use control::server::Server;
use control::switch::guard;
use engine::calendar::Session;
use engine::clock::Tick;
use engine::command::{Command, CommandSource};
use engine::directory::Directory;
use engine::event::EventKind;
use engine::inbox::Inbox;
use engine::ports::{Broker, Feed, FeedError};
use engine::report::Report;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use wire::status::Status;
use wire::{Header, Stamped};

fn tick(number: u64) -> Tick {
    let now = Timestamp(number as i64 * 250_000_000);
    Tick {
        number,
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
    }
}

fn request(verb: Verb) -> Request {
    Request {
        verb,
        why: "because".to_owned(),
        strategy: None,
        symbols: Vec::new(),
    }
}

/// Drains a feed tick by tick until it is told to stop, and returns what came.
fn run_engine(
    mut feed: impl Feed + 'static,
    stop: Arc<AtomicBool>,
) -> std::thread::JoinHandle<Vec<EventKind>> {
    std::thread::spawn(move || {
        let mut seen = Vec::new();
        for number in 1.. {
            let mut inbox = Inbox::default();
            feed.drain(&tick(number), &Directory::default(), &mut inbox)
                .unwrap();
            seen.extend(inbox.events().iter().map(|event| event.kind.clone()));
            if stop.load(Ordering::SeqCst) {
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        seen
    })
}

#[test]
fn commands_become_events_and_are_answered_when_their_tick_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let (server, feed) = Server::bind(&state, 5, &["zero_dte"]).unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&state), 0o700);
    assert_eq!(mode(&state.join(control::SOCKET_NAME)), 0o600);
    assert!(matches!(
        Server::bind(&state, 1, &[]),
        Err(Error::Taken { .. })
    ));

    let stop = Arc::new(AtomicBool::new(false));
    let engine = run_engine(feed, Arc::clone(&stop));
    let shown = Status {
        restriction: "active".to_owned(),
        ..Status::default()
    };
    server.board().show(Stamped::new(&Header::default(), shown));
    let halted = ask(&state, &request(Verb::Halt)).unwrap();
    assert!(halted.ok && halted.number == Some(5) && halted.tick.is_some());
    assert!(server.switch().is_set());
    let resumed = ask(&state, &request(Verb::Resume)).unwrap();
    assert_eq!((resumed.ok, resumed.number), (true, Some(6)));
    assert!(!server.switch().is_set());
    let status = ask(&state, &request(Verb::Status)).unwrap().status.unwrap();
    assert_eq!(status.value.restriction, "active");
    let of = |name: &str| Request {
        strategy: Some(name.to_owned()),
        ..request(Verb::Pause)
    };
    let unknown = ask(&state, &of("zero_day")).unwrap();
    assert_eq!(
        unknown.error.unwrap(),
        "strategy \"zero_day\" is not known, must be one of zero_dte"
    );
    let paused = ask(&state, &of("zero_dte")).unwrap();
    assert_eq!((paused.ok, paused.number), (true, Some(7)));
    stop.store(true, Ordering::SeqCst);
    let commands: Vec<_> = engine
        .join()
        .unwrap()
        .into_iter()
        .map(|kind| match kind {
            EventKind::Commanded(command) => (command.number, command.command, command.source),
            other => panic!("{other:?}"),
        })
        .collect();
    let socket = CommandSource::Socket;
    let pause = Command::Pause(StrategyName::new("zero_dte"));
    let wanted = [
        (5, Command::Halt, socket),
        (6, Command::Resume, socket),
        (7, pause, socket),
    ];
    assert_eq!(commands, wanted);
    drop(server);
    let gone = ask(&state, &request(Verb::Status));
    assert!(matches!(gone, Err(Error::NotRunning { .. })));
}

#[test]
fn a_halt_works_while_no_tick_comes_and_says_that_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let (server, feed) = Server::bind(folder.path(), 1, &[]).unwrap();
    let switch = server.switch();
    let answer = ask(folder.path(), &request(Verb::Flatten)).unwrap();
    assert!(!answer.ok && switch.is_set());
    assert_eq!(answer.obstacle, Some(Obstacle::TimedOut));
    assert!(answer.error.unwrap().contains("no tick took it in time"));
    drop(feed);
    let answer = ask(folder.path(), &request(Verb::Halt)).unwrap();
    assert_eq!(answer.obstacle, Some(Obstacle::Stopped));
}

#[test]
fn garbage_is_refused_by_name_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, feed) = Server::bind(folder.path(), 1, &[]).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let engine = run_engine(feed, Arc::clone(&stop));
    let mut refusals = Vec::new();
    let long = format!("{{\"verb\":\"halt\",\"why\":\"{}\"}}", "x".repeat(70_000));
    for text in [
        "{}",
        "halt",
        "{\"verb\":\"buy\"}",
        "{\"verb\":\"pause\"}",
        &long,
    ] {
        let path = folder.path().join(control::SOCKET_NAME);
        let mut stream = UnixStream::connect(path).unwrap();
        // A line that is too long is answered, and the line cut, before it has been read.
        let _ = stream.write_all(format!("{text}\n").as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answered = String::new();
        let _ = stream.read_to_string(&mut answered);
        let answer: Answer = serde_json::from_str(answered.lines().next().unwrap()).unwrap();
        assert!(!answer.ok, "{text}");
        refusals.push(answer.error.unwrap());
    }
    assert!(
        refusals[2].contains("unknown variant `buy`"),
        "{refusals:?}"
    );
    assert!(refusals[3].contains("strategy is missing"), "{refusals:?}");
    assert!(refusals[4].contains("longer than"), "{refusals:?}");
    assert!(ask(folder.path(), &request(Verb::CancelAll)).unwrap().ok);
    stop.store(true, Ordering::SeqCst);
    assert_eq!(engine.join().unwrap().len(), 1);
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl Broker for Seen {
    fn submit(&mut self, orders: &[Order]) {
        let ids: Vec<_> = orders.iter().map(|order| order.id.to_string()).collect();
        self.0.lock().unwrap().push(ids.join("+"));
    }
    fn modify(&mut self, order: &Order, _at: Timestamp) {
        self.0.lock().unwrap().push(format!("modify {}", order.id));
    }
    fn cancel(&mut self, order: OrderId, _at: Timestamp) {
        self.0.lock().unwrap().push(format!("cancel {order}"));
    }
    fn query(&mut self, _query: u64, _at: Timestamp) {}
    fn reconnect(&mut self, _at: Timestamp) {}
}

struct Silent;

impl Feed for Silent {
    fn name(&self) -> &str {
        "silent"
    }
    fn drain(&mut self, _t: &Tick, _d: &Directory, _i: &mut Inbox) -> Result<(), FeedError> {
        Ok(())
    }
}

#[test]
fn the_switch_holds_back_what_opens_and_says_so() {
    let seen = Seen::default();
    let switch = control::switch::HaltSwitch::default();
    let boxed = (Box::new(seen.clone()), Box::new(Silent));
    let (mut broker, mut reports) = guard(switch.clone(), boxed.0, boxed.1);
    let terms = components::contract::OptionTerms::from_osi("SPY   250915C00657500").unwrap();
    let order = |id, role| Order {
        id: OrderId(id),
        contract: components::contract::Contract {
            underlying: terms.root,
            terms,
        },
        side: components::market::Side::Buy,
        quantity: 1,
        kind: OrderKind::Limit(Price(100)),
        role,
        parent: None,
        oca: None,
        at: Timestamp(0),
        good_until: Timestamp(1),
    };
    broker.submit(&[order(1, Role::Entry), order(2, Role::Stop)]);
    switch.set(true);
    broker.submit(&[order(3, Role::Entry), order(4, Role::Stop)]);
    broker.submit(&[order(5, Role::Exit)]);
    broker.modify(&order(1, Role::Entry), Timestamp(0));
    broker.modify(&order(2, Role::Stop), Timestamp(0));
    broker.cancel(OrderId(1), Timestamp(0));
    let wanted = ["o1+o2", "o5", "modify o2", "cancel o1"];
    assert_eq!(*seen.0.lock().unwrap(), wanted);
    let mut inbox = Inbox::default();
    reports
        .drain(&tick(2), &Directory::default(), &mut inbox)
        .unwrap();
    let refused: Vec<_> = inbox
        .events()
        .iter()
        .map(|event| match &event.kind {
            EventKind::Reported(Report::Rejected { order, code: 0, .. }) => order.0,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(refused, [3, 4]);
}
