//! The password goes to the server and nowhere else.

use crate::common::{empty, fill, until};
use engine::ports::Mirror;
use redis_mirror::testing::RedisServer;
use redis_mirror::{RedisMirror, Settings};
use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const CANARY: &str = "canary-7f3a";

/// Keeps the text of every log line.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _span: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, _values: &Record<'_>) {}

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

#[test]
fn a_password_opens_the_door_and_is_never_told() {
    let log = Log::default();
    tracing::subscriber::set_global_default(log.clone()).unwrap();
    let mut server = RedisServer::start_with_password(CANARY);

    let mut mirror = RedisMirror::new(&server.url(), Settings::default()).unwrap();
    let mut batch = empty(1);
    fill(&mut batch, 0, 1.0);
    mirror.publish(&mut batch);
    until("the right password opens", || mirror.report().connected);
    server.kill();
    until("the loss is noticed", || {
        mirror.publish(&mut empty(2));
        0 < mirror.report().errors
    });
    server.restart();

    let wrong = server.url().replace(CANARY, "canary-wrong");
    let mut refused = RedisMirror::new(&wrong, Settings::default()).unwrap();
    refused.publish(&mut empty(1));
    until("the wrong password is refused", || {
        0 < refused.report().errors
    });
    refused.finish();

    let malformed = format!("redis://:{CANARY}@localhost:notaport");
    let error = RedisMirror::new(&malformed, Settings::default()).unwrap_err();
    assert!(error.to_string().contains("must be redis://"), "{error}");

    let text = log.0.lock().unwrap().clone();
    assert!(text.contains("shows nothing"), "{text}");
    for shown in [text, format!("{error} {error:?} {mirror:?} {refused:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}
