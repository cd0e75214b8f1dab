//! A real `redis-server` for tests, in a folder of its own, gone with its handle.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Looks at a starting server before it is given up, 10 ms apart.
const LOOKS: u32 = 1_000;

/// A running server on a free port of the loopback and on a socket.
#[derive(Debug)]
pub struct RedisServer {
    folder: TempDir,
    port: u16,
    password: Option<String>,
    child: Child,
}

impl RedisServer {
    /// Starts a server without a password.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::launch(None)
    }

    /// Starts a server that asks for `password`.
    ///
    /// # Panics
    /// When `redis-server` is not installed or does not start.
    #[must_use]
    pub fn start_with_password(password: &str) -> Self {
        Self::launch(Some(password))
    }

    /// Its address over TCP, with the password if it has one.
    #[must_use]
    pub fn url(&self) -> String {
        let login = self
            .password
            .as_ref()
            .map_or_else(String::new, |password| format!(":{password}@"));
        format!("redis://{login}127.0.0.1:{}", self.port)
    }

    /// Its address over the socket.
    #[must_use]
    pub fn socket_url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A connection of the test's own.
    ///
    /// # Panics
    /// When the server does not answer.
    #[must_use]
    pub fn connection(&self) -> redis::Connection {
        redis::Client::open(self.url())
            .and_then(|client| client.get_connection())
            .expect("the redis-server of this test answers")
    }

    /// Ends it at once, as a crash would (`kill -9`).
    ///
    /// # Panics
    /// When the process cannot be ended.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server can be waited for");
    }

    /// Starts it again on the same port, empty, after [`RedisServer::kill`].
    ///
    /// # Panics
    /// When it does not start.
    pub fn restart(&mut self) {
        self.child = spawn(&self.folder, self.port, self.password.as_deref());
        assert!(self.is_up(), "redis-server did not start again");
    }

    /// Makes it stop answering without ending it (`SIGSTOP`).
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on after [`RedisServer::pause`].
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn launch(password: Option<&str>) -> Self {
        // A port that was free may be taken by the time the server asks for it: try others then.
        for _ in 0..10 {
            let folder = tempfile::tempdir().expect("a temporary folder");
            let port = free_port();
            let child = spawn(&folder, port, password);
            let mut server = Self {
                folder,
                port,
                password: password.map(str::to_owned),
                child,
            };
            if server.is_up() {
                return server;
            }
        }
        panic!("redis-server did not start on ten free ports");
    }

    fn is_up(&mut self) -> bool {
        for _ in 0..LOOKS {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return false;
            }
            let answers = redis::Client::open(self.url())
                .and_then(|client| client.get_connection_with_timeout(Duration::from_secs(1)))
                .is_ok();
            if answers && self.socket().exists() {
                return true;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        false
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "kill {signal} failed"
        );
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may be gone already, which is all that is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port on the loopback")
        .port()
}

fn spawn(folder: &TempDir, port: u16, password: Option<&str>) -> Child {
    let mut command = Command::new("redis-server");
    command
        .args(["--port", &port.to_string()])
        .args(["--bind", "127.0.0.1"])
        .args(["--save", ""])
        .args(["--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .arg("--unixsocket")
        .arg(folder.path().join("redis.sock"))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(password) = password {
        command.args(["--requirepass", password]);
    }
    command.spawn().unwrap_or_else(|error| {
        panic!("redis-server cannot be started ({error}): run `make test`, which installs it")
    })
}
