//! Asking a running engine, for the command line.

use crate::request::{Answer, Request};
use crate::{Error, SOCKET_NAME};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// How long an answer is waited for: longer than the engine itself waits for its tick.
const PATIENCE: Duration = Duration::from_secs(8);

/// Asks the engine that listens in `state_dir`.
///
/// # Errors
/// If none listens there, no answer comes in time, or it is not understood.
pub fn ask(state_dir: &Path, request: &Request) -> Result<Answer, Error> {
    let path = state_dir.join(SOCKET_NAME);
    let failed = |action| {
        let path = path.clone();
        move |source: io::Error| match source.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::TimedOut {
                path,
                seconds: PATIENCE.as_secs(),
            },
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                Error::NotRunning { path }
            }
            _ => Error::Io {
                path,
                action,
                source,
            },
        }
    };
    let mut stream = UnixStream::connect(&path).map_err(failed("reached"))?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .map_err(failed("prepared"))?;
    let mut line = serde_json::to_vec(request)
        .map_err(io::Error::other)
        .map_err(failed("asked"))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(failed("asked"))?;
    let mut text = String::new();
    BufReader::new(stream)
        .read_line(&mut text)
        .map_err(failed("heard"))?;
    serde_json::from_str(&text).map_err(|_| Error::Answer {
        path,
        found: text.chars().take(60).collect(),
    })
}
