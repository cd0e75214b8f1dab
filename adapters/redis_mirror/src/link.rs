//! One connection: how it is made, asked and given up.

use crate::address::Address;
use crate::mirror::Settings;
use redis::{Client, Connection, RedisError, Value};
use std::time::{Duration, Instant};
use wire::keys::GlobalKey;

/// Answers between two looks at the clock.
const ANSWERS_PER_LOOK: usize = 64;

/// An open connection.
pub(crate) struct Link {
    pub(crate) connection: Connection,
    timeout: Duration,
}

/// What the server holds of this or another run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The run that owns the mirror, if any does.
    pub(crate) epoch: Option<u64>,
    /// Run and number of the newest event in the stream.
    pub(crate) event: Option<(u64, u64)>,
}

/// Why nothing was shown. Its text holds no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// The connection failed or was too slow.
    #[error("{0}")]
    Connection(String),
    /// The server refused commands.
    #[error("the server refused {count} of {commands} commands, the first with: {first}")]
    Refused {
        count: usize,
        commands: usize,
        first: String,
    },
    /// A newer run writes to the same place.
    #[error("run {found}, which began later than this run {ours}, writes to the same server")]
    NewerRun { found: u64, ours: u64 },
}

impl Link {
    /// Connects.
    pub(crate) fn open(address: &Address, settings: &Settings) -> Result<Self, LinkError> {
        let fail = |error: &RedisError| connection_error(address, error);
        let client = Client::open(address.info.clone()).map_err(|error| fail(&error))?;
        let connection = client
            .get_connection_with_timeout(Duration::from_millis(settings.connect_timeout_ms))
            .map_err(|error| fail(&error))?;
        let timeout = Duration::from_millis(settings.response_timeout_ms);
        for set in [
            connection.set_read_timeout(Some(timeout)),
            connection.set_write_timeout(Some(timeout)),
        ] {
            set.map_err(|error| fail(&error))?;
        }
        Ok(Self {
            connection,
            timeout,
        })
    }

    /// Asks what the server holds.
    pub(crate) fn find(&mut self, address: &Address) -> Result<Found, LinkError> {
        let mut pipe = redis::pipe();
        pipe.cmd("GET").arg(GlobalKey::Epoch.key());
        pipe.cmd("XREVRANGE")
            .arg(GlobalKey::Events.key())
            .arg(&["+", "-", "COUNT", "1"]);
        let (epoch, events): (Option<String>, Value) = pipe
            .query(&mut self.connection)
            .map_err(|error| connection_error(address, &error))?;
        Ok(Found {
            epoch: epoch.and_then(|text| text.parse().ok()),
            event: newest_event(&events),
        })
    }

    /// Reads `commands` answers; returns the first one.
    pub(crate) fn answers(
        &mut self,
        address: &Address,
        commands: usize,
    ) -> Result<Option<Value>, LinkError> {
        let deadline = now() + self.timeout * 8;
        let mut first_answer = None;
        let mut first_refusal = None;
        let mut refused = 0;
        for index in 0..commands {
            match self.connection.recv_response() {
                Ok(Value::ServerError(error)) => {
                    refused += 1;
                    first_refusal.get_or_insert(error);
                }
                Ok(answer) if index == 0 => first_answer = Some(answer),
                Ok(_) => {}
                Err(error) => return Err(connection_error(address, &error)),
            }
            if index % ANSWERS_PER_LOOK == 0 && deadline < now() {
                let text = format!("{address} answers too slowly");
                return Err(LinkError::Connection(text));
            }
        }
        match first_refusal {
            None => Ok(first_answer),
            Some(error) => Err(LinkError::Refused {
                count: refused,
                commands,
                first: address.scrub(&error.to_string()),
            }),
        }
    }
}

/// What a failed call is told as.
pub(crate) fn connection_error(address: &Address, error: &RedisError) -> LinkError {
    LinkError::Connection(format!("{address}: {}", address.scrub(&error.to_string())))
}

/// The host's time, for time-outs and the cadence of refreshes.
#[expect(
    clippy::disallowed_methods,
    reason = "time-outs and TTLs of a server outside run on the host's clock, not the engine's"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Run and number of the entry in the answer to `XREVRANGE … COUNT 1`.
fn newest_event(answer: &Value) -> Option<(u64, u64)> {
    let Value::Array(entries) = answer else {
        return None;
    };
    let Some(Value::Array(entry)) = entries.first() else {
        return None;
    };
    let Some(Value::BulkString(id)) = entry.first() else {
        return None;
    };
    let (epoch, number) = str::from_utf8(id).ok()?.split_once('-')?;
    Some((epoch.parse().ok()?, number.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(id: &str) -> Value {
        let id = Value::BulkString(id.as_bytes().to_vec());
        Value::Array(vec![Value::Array(vec![id, Value::Array(Vec::new())])])
    }

    #[test]
    fn the_newest_event_is_run_and_number() {
        assert_eq!(
            newest_event(&stream("1760000000000-7")),
            Some((1_760_000_000_000, 7))
        );
        assert_eq!(newest_event(&stream("garbage")), None);
        assert_eq!(newest_event(&Value::Array(Vec::new())), None);
        assert_eq!(newest_event(&Value::Nil), None);
    }
}
