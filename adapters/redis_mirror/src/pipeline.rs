//! Commands in the wire form of Redis, many to a packet.
//!
//! They are formatted here because all but the value is the same bytes every tick: a write is two
//! copies, and what is finished is sent while the rest is still being formatted.

use redis::{Connection, RedisResult};

/// Bytes after which a packet is sent.
const PACKET_BYTES: usize = 32 * 1024;

/// Commands on their way, and how many answers are owed.
pub(crate) struct Pipeline<'a> {
    connection: &'a mut Connection,
    bytes: &'a mut Vec<u8>,
    commands: usize,
}

impl<'a> Pipeline<'a> {
    /// A pipeline on `connection` that formats into `bytes`.
    pub(crate) fn new(connection: &'a mut Connection, bytes: &'a mut Vec<u8>) -> Self {
        bytes.clear();
        Self {
            connection,
            bytes,
            commands: 0,
        }
    }

    /// Adds a command of plain arguments.
    pub(crate) fn command(&mut self, arguments: &[&[u8]]) -> RedisResult<()> {
        self.bytes.push(b'*');
        push_line(self.bytes, arguments.len() as u64);
        for argument in arguments {
            push_argument(self.bytes, argument);
        }
        self.added()
    }

    /// Adds the write of `value` under a prepared key.
    pub(crate) fn set(&mut self, key: &PreparedKey, value: &[u8]) -> RedisResult<()> {
        self.bytes.extend_from_slice(&key.0);
        push_argument(self.bytes, value);
        self.added()
    }

    /// Sends what is left and returns how many answers are owed.
    pub(crate) fn send(self) -> RedisResult<usize> {
        if !self.bytes.is_empty() {
            self.connection.send_packed_command(self.bytes)?;
        }
        Ok(self.commands)
    }

    fn added(&mut self) -> RedisResult<()> {
        self.commands += 1;
        if self.bytes.len() >= PACKET_BYTES {
            self.connection.send_packed_command(self.bytes)?;
            self.bytes.clear();
        }
        Ok(())
    }
}

/// The write of a key with everything but the value, its last argument, formatted.
#[derive(Clone, Debug)]
pub(crate) struct PreparedKey(Box<[u8]>);

impl PreparedKey {
    /// The write of `key` that lets it live for `ttl_ms`, or until it is replaced.
    ///
    /// `PSETEX` does what `SET … PX` does and has no options that the server must look for.
    pub(crate) fn new(key: &str, ttl_ms: Option<u64>) -> Self {
        let mut head = Vec::new();
        if let Some(ttl_ms) = ttl_ms {
            head.extend_from_slice(b"*4\r\n");
            push_argument(&mut head, b"PSETEX");
            push_argument(&mut head, key.as_bytes());
            push_argument(&mut head, ttl_ms.to_string().as_bytes());
        } else {
            head.extend_from_slice(b"*3\r\n");
            push_argument(&mut head, b"SET");
            push_argument(&mut head, key.as_bytes());
        }
        Self(head.into())
    }
}

fn push_argument(bytes: &mut Vec<u8>, argument: &[u8]) {
    bytes.push(b'$');
    push_line(bytes, argument.len() as u64);
    bytes.extend_from_slice(argument);
    bytes.extend_from_slice(b"\r\n");
}

fn push_line(bytes: &mut Vec<u8>, number: u64) {
    let mut digits = [0_u8; 20];
    let mut place = digits.len();
    let mut rest = number;
    loop {
        place -= 1;
        digits[place] = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[place..]);
    bytes.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prepared_key_is_what_the_library_would_send() {
        for ttl_ms in [None, Some(1_000)] {
            let key = PreparedKey::new("market:SPY:last", ttl_ms);
            let mut bytes = key.0.to_vec();
            push_argument(&mut bytes, b"123.45");
            let expected = match ttl_ms {
                None => redis::Cmd::set("market:SPY:last", "123.45"),
                Some(ttl_ms) => redis::Cmd::pset_ex("market:SPY:last", "123.45", ttl_ms),
            };
            assert_eq!(bytes, expected.get_packed_command());
        }
    }

    #[test]
    fn numbers_are_decimal() {
        for number in [0, 9, 10, 1_234, u64::MAX] {
            let mut bytes = Vec::new();
            push_line(&mut bytes, number);
            assert_eq!(bytes, format!("{number}\r\n").into_bytes());
        }
    }
}
