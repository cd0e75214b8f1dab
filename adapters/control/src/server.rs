//! The listening side: a thread that accepts, one thread a connection, everything bounded.

use crate::board::Board;
use crate::feed::{COMMANDS_MAX, ControlFeed, Progress, UNSTAMPED};
use crate::inquiry::{Inquiries, Question};
use crate::request::{Answer, Obstacle, Request, Verb};
use crate::switch::HaltSwitch;
use crate::{Error, LOCK_NAME, SOCKET_NAME};
use crossbeam::channel::{Sender, TrySendError, bounded};
use engine::command::{Command, CommandSource, OperatorCommand};
use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Connections at once; more are turned away.
const CONNECTIONS_MAX: usize = 16;
/// The longest line that is read.
const LINE_MAX: u64 = 64 * 1024;
/// How long a connection may be silent.
const SILENCE_MAX: Duration = Duration::from_secs(30);
/// How long a command waits for its tick.
const PATIENCE: Duration = Duration::from_secs(5);

/// A listening socket. Dropping it ends the listening and removes the socket.
#[derive(Debug)]
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    listening: Option<JoinHandle<()>>,
    board: Board,
    inquiries: Inquiries,
    switch: HaltSwitch,
    /// Held as long as it listens; gone with the process however that ends.
    _lock: File,
}

/// A state directory that this process alone has.
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    lock: File,
}

/// What every connection needs.
#[derive(Clone)]
struct Shared {
    commands: Sender<OperatorCommand>,
    numbers: Arc<AtomicU64>,
    switch: HaltSwitch,
    progress: Progress,
    board: Board,
    inquiries: Inquiries,
    /// Strategies that can be paused.
    strategies: Arc<[String]>,
}

impl Server {
    /// Listens in `state_dir`, which is made with mode 0700 if it is not there. Commands are
    /// numbered from `first_number` on: one more than the last that the journal knows. Only
    /// `strategies` can be paused.
    ///
    /// # Errors
    /// If another engine listens there, or the operating system refuses.
    pub fn bind(
        state_dir: &Path,
        first_number: u64,
        strategies: &[&str],
    ) -> Result<(Self, ControlFeed), Error> {
        Claim::take(state_dir)?.listen(first_number, strategies)
    }

    /// Where the engine shows itself.
    #[must_use]
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// Questions that wait for the end of a tick.
    #[must_use]
    pub fn inquiries(&self) -> &Inquiries {
        &self.inquiries
    }

    /// The switch that commands set at once.
    #[must_use]
    pub fn switch(&self) -> HaltSwitch {
        self.switch.clone()
    }
}

impl Claim {
    /// Claims `state_dir`, which is made with mode 0700 if it is not there.
    ///
    /// # Errors
    /// If another engine has it, or the operating system refuses.
    pub fn take(state_dir: &Path) -> Result<Self, Error> {
        let path = state_dir.join(SOCKET_NAME);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(state_dir)
            .map_err(refused(&path, "made"))?;
        // I36: the lock, not the socket, decides who is the one engine.
        let lock = lock(state_dir)?;
        Ok(Self { path, lock })
    }

    /// Listens there, as [`Server::bind`].
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn listen(
        self,
        first_number: u64,
        strategies: &[&str],
    ) -> Result<(Server, ControlFeed), Error> {
        let Self { path, lock } = self;
        let io = |action| refused(&path, action);
        // Left behind by a process that was killed.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io("removed")(error));
            }
            _ => {}
        }
        let listener = UnixListener::bind(&path).map_err(io("opened"))?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).map_err(io("closed off"))?;
        let (sender, commands) = bounded(COMMANDS_MAX);
        let shared = Shared {
            commands: sender,
            numbers: Arc::new(AtomicU64::new(first_number)),
            switch: HaltSwitch::default(),
            progress: Progress::default(),
            board: Board::default(),
            inquiries: Inquiries::default(),
            strategies: strategies.iter().map(|&name| name.to_owned()).collect(),
        };
        let feed = ControlFeed::new(commands, shared.switch.clone(), shared.progress.clone());
        let stop = Arc::new(AtomicBool::new(false));
        let (board, switch) = (shared.board.clone(), shared.switch.clone());
        let inquiries = shared.inquiries.clone();
        let stopped = Arc::clone(&stop);
        let listening = std::thread::Builder::new()
            .name("control".to_owned())
            .spawn(move || listen(&listener, &shared, &stopped))
            .map_err(io("served"))?;
        let server = Server {
            path: path.clone(),
            stop,
            listening: Some(listening),
            board,
            inquiries,
            switch,
            _lock: lock,
        };
        Ok((server, feed))
    }
}

fn refused(path: &Path, action: &'static str) -> impl Fn(io::Error) -> Error + use<> {
    let path = path.to_owned();
    move |source| Error::Io {
        path: path.clone(),
        action,
        source,
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        self.inquiries.close();
        // Wakes the thread that accepts.
        let _ = UnixStream::connect(&self.path);
        if let Some(listening) = self.listening.take() {
            let _ = listening.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}

fn listen(listener: &UnixListener, shared: &Shared, stop: &AtomicBool) {
    let connections = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut stream) = stream else {
            continue;
        };
        if connections.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
            connections.fetch_sub(1, Ordering::SeqCst);
            let _ = answer(&mut stream, &Answer::refused("too many connections"));
            continue;
        }
        let (shared, counted) = (shared.clone(), Arc::clone(&connections));
        let spawned = std::thread::Builder::new()
            .name("control-client".to_owned())
            .spawn(move || {
                let _ = serve(stream, &shared);
                counted.fetch_sub(1, Ordering::SeqCst);
            });
        if spawned.is_err() {
            connections.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

fn serve(mut stream: UnixStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_write_timeout(Some(SILENCE_MAX))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        let read = lines.by_ref().take(LINE_MAX).read_line(&mut line)?;
        if read == 0 {
            return Ok(());
        }
        if !line.ends_with('\n') && read as u64 == LINE_MAX {
            let words = format!("the line is longer than {LINE_MAX} bytes");
            return answer(&mut stream, &Answer::refused(words));
        }
        answer(&mut stream, &obey(&line, shared))?;
    }
}

fn obey(line: &str, shared: &Shared) -> Answer {
    let request: Request = match serde_json::from_str(line) {
        Ok(request) => request,
        Err(error) => return Answer::refused(format!("the request is not understood: {error}")),
    };
    let command = match request.command() {
        Ok(Some(command)) => command,
        Ok(None) if request.verb == Verb::Status => {
            return Answer::told(shared.board.read(), None);
        }
        Ok(None) => {
            let question = Question {
                with_details: request.verb == Verb::Explain,
                symbols: request.symbols,
            };
            return match shared.inquiries.ask(question, PATIENCE) {
                Ok(sights) => Answer::told(None, Some(sights)),
                Err(obstacle) => Answer::unanswered(obstacle),
            };
        }
        Err(reason) => return Answer::refused(reason),
    };
    if let Command::Pause(name) | Command::Unpause(name) = command
        && !shared.strategies.iter().any(|known| known == name.as_str())
    {
        return Answer::refused(format!(
            "strategy {:?} is not known, must be one of {}",
            request.strategy.unwrap_or_default(),
            shared.strategies.join(", ")
        ));
    }
    // Before the queue: it must work though no tick comes.
    if command.forbids_opening() {
        shared.switch.set(true);
    }
    let number = shared.numbers.fetch_add(1, Ordering::SeqCst);
    let sent = shared.commands.try_send(OperatorCommand {
        number,
        issued: UNSTAMPED,
        source: CommandSource::Socket,
        command,
        why: request.why.chars().take(400).collect(),
    });
    match sent {
        Ok(()) => match shared.progress.wait(number, PATIENCE) {
            Ok(tick) => Answer::taken(number, tick),
            Err(obstacle) => Answer::hindered(obstacle),
        },
        Err(TrySendError::Full(_)) => {
            Answer::refused(format!("{COMMANDS_MAX} commands wait already"))
        }
        Err(TrySendError::Disconnected(_)) => Answer::hindered(Obstacle::Stopped),
    }
}

/// Takes the state directory for this process.
fn lock(state_dir: &Path) -> Result<File, Error> {
    let path = state_dir.join(LOCK_NAME);
    let opened = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path);
    let io = |source| Error::Io {
        path: path.clone(),
        action: "locked",
        source,
    };
    let file = opened.map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Taken { path }),
        Err(TryLockError::Error(source)) => Err(io(source)),
    }
}

fn answer(stream: &mut UnixStream, answer: &Answer) -> io::Result<()> {
    let mut line = serde_json::to_vec(answer).map_err(io::Error::other)?;
    line.push(b'\n');
    stream.write_all(&line)
}
