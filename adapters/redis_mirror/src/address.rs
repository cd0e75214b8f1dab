//! Where the Redis server is. The password goes in and never comes out again.

use redis::io::tcp::TcpSettings;
use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};
use std::fmt;

/// A checked Redis address.
#[derive(Clone)]
pub struct Address {
    pub(crate) info: ConnectionInfo,
}

impl Address {
    /// Reads `redis://[user][:password@]host[:port][/db]` or `unix:///path[?db=N]`.
    ///
    /// # Errors
    /// When `url` has another form or asks for TLS. The error shows no user and no password.
    ///
    /// # Examples
    /// ```
    /// use redis_mirror::Address;
    /// let address = Address::new("redis://:canary@localhost:6379/1").unwrap();
    /// assert_eq!(address.to_string(), "redis://localhost:6379/1");
    /// ```
    pub fn new(url: &str) -> Result<Self, AddressError> {
        let fail = |what: &str| AddressError {
            url: redacted(url),
            what: what.to_owned(),
        };
        let scheme = url.split_once("://").map(|(scheme, _)| scheme);
        match scheme {
            Some("redis" | "valkey" | "unix" | "redis+unix" | "valkey+unix") => {}
            Some("rediss" | "valkeys") => return Err(fail("asks for TLS, which is not built in")),
            _ => return Err(fail("has no scheme that is known")),
        }
        // The library's own words may hold a part of the URL: they are not passed on.
        let info = url
            .into_connection_info()
            .map_err(|_| fail("cannot be read"))?;
        // A packet of a pipeline must not wait for the answer to the one before.
        let settings = TcpSettings::default().set_nodelay(true);
        Ok(Self {
            info: info.set_tcp_settings(settings),
        })
    }

    /// `text` without the password, should it be in there.
    pub(crate) fn scrub(&self, text: &str) -> String {
        match self.info.redis_settings().password() {
            Some(password) if !password.is_empty() => text.replace(password, "***"),
            _ => text.to_owned(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let db = self.info.redis_settings().db();
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) => write!(f, "redis://{host}:{port}/{db}"),
            ConnectionAddr::Unix(path) => write!(f, "unix://{}?db={db}", path.display()),
            _ => f.write_str("redis"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

/// A text that is no Redis address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "Redis address \"{url}\" {what}, must be redis://[user][:password@]host[:port][/db] or \
     unix:///path[?db=N]"
)]
pub struct AddressError {
    /// The address without user and password.
    url: String,
    what: String,
}

/// What may be shown of a URL that could not be read: nothing that might be a secret.
fn redacted(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let shown: String = rest.chars().take(64).collect();
    let mark = if shown == rest && url.ends_with(rest) && !url.contains('@') {
        ""
    } else {
        "***"
    };
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{mark}{shown}")
        .escape_debug()
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_readable_address_shows_where_but_not_who() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            (
                "redis://u:canary@10.0.0.1:7000/3",
                "redis://10.0.0.1:7000/3",
            ),
            (
                "unix:///tmp/r.sock?db=2&pass=canary",
                "unix:///tmp/r.sock?db=2",
            ),
        ] {
            let address = Address::new(url).unwrap();
            assert_eq!(address.to_string(), shown);
            assert!(!format!("{address:?}").contains("canary"));
            let secret = url.contains("canary");
            assert_eq!(address.scrub("canary") == "***", secret);
        }
    }

    #[test]
    fn an_unreadable_address_says_what_is_allowed_and_no_secret() {
        for url in [
            "",
            "localhost:6379",
            "http://localhost",
            "http://:canary@localhost",
            "redis://:canary@localhost:notaport",
            "redis://:can@canary@host:99999999",
            "redis://:canary@localhost/notadb",
            "rediss://:canary@localhost",
            "unix:///tmp/r.sock?db=x&pass=canary",
            "redis:// :canary@",
        ] {
            let error = Address::new(url).unwrap_err().to_string();
            assert!(error.contains("must be redis://"), "{error}");
            assert!(!error.contains("canary"), "{url}: {error}");
        }
        let error = Address::new("http://localhost").unwrap_err().to_string();
        assert!(error.contains("\"http://localhost\""), "{error}");
    }
}
