//! The program in a process of its own, which can be killed, and its folder, which outlives it.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::app::Settings;

/// How long a server may take until it listens before a test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server lives: its database, its log, its address.
#[derive(Debug)]
pub(crate) struct Home {
    folder: tempfile::TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) environment: Vec<(String, String)>,
    /// A folder outside, for what has to be there when another disk is put over this one.
    pub(super) outside: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder can be made"),
            address: address_of_its_own(),
            environment: Vec::new(),
            outside: tempfile::tempdir().expect("a temporary folder can be made"),
        }
    }

    /// A node on the PostgreSQL database at `url`.
    pub(crate) fn node(url: &str) -> Self {
        Self {
            environment: Settings::node(url).env,
            ..Self::new()
        }
    }

    /// Sets an environment variable for the servers to come.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// How the program is started here.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(program());
        command
            .arg("serve")
            .current_dir(self.path())
            // What is said to the tests is nothing to the program, which refuses variables that it does not know.
            .env_remove("CALLWRIGHT_NIGHTLY")
            .env_remove("CALLWRIGHT_SEED")
            .env_remove("CALLWRIGHT_TEST_BINARY")
            .env("CALLWRIGHT_LISTEN", self.address.to_string())
            .env("CALLWRIGHT_FLOWS", flows())
            .env("CALLWRIGHT_LOG__LEVEL", "error")
            .env("CALLWRIGHT_LOG__FORMAT", "json")
            .envs(self.environment.iter().cloned())
            .stdout(Stdio::null())
            .stderr(self.log());
        command
    }

    /// Starts a server, and waits until it takes connections.
    pub(crate) fn start(&self) -> Server {
        self.start_with(&mut self.command())
    }

    /// Starts a server by `command`, and waits until it takes connections.
    pub(crate) fn start_with(&self, command: &mut Command) -> Server {
        let mut server = self.spawn(command);
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = server.ended() {
                panic!("the server ended, {status}: {}", self.read_log());
            }
            assert!(began.elapsed() < PATIENCE, "the server does not listen");
            std::thread::sleep(Duration::from_millis(1));
        }
        server
    }

    /// Starts a server by `command`, and leaves it to itself.
    pub(crate) fn spawn(&self, command: &mut Command) -> Server {
        let process = command.spawn().expect("the program can be started");
        Server { process }
    }

    pub(super) fn log(&self) -> File {
        let mut options = File::options();
        options.create(true).append(true);
        options
            .open(self.path().join("server.log"))
            .expect("the log can be written")
    }

    pub(crate) fn read_log(&self) -> String {
        fs::read_to_string(self.path().join("server.log")).unwrap_or_default()
    }

    /// The sessions of which a voice call action was answered without the store. Such an answer acknowledges nothing.
    pub(crate) fn unstored(&self) -> std::collections::HashSet<String> {
        let log = self.read_log();
        let lines = log.lines().filter(|line| line.contains("unstored"));
        let sessions = lines.filter_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            line["session_id"].as_str().map(str::to_owned)
        });
        sessions.collect()
    }

    /// The databases here: the tables, and the journal's segments beside them.
    pub(crate) fn databases(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path()).expect("the folder can be listed");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let is_database = |path: &PathBuf| {
            let name = path.to_string_lossy();
            let segment = name.rsplit_once(".db.journal.");
            name.ends_with(".db")
                || segment.is_some_and(|(_, number)| number.parse::<u64>().is_ok())
        };
        paths.filter(is_database).collect()
    }
}

/// A loopback address that no other test of this machine uses, so that it can be had again after a kill.
fn address_of_its_own() -> SocketAddr {
    let [.., high, middle, low] = std::process::id().to_be_bytes();
    let address = format!("127.{}.{middle}.{low}:0", high | 0x40);
    let free = TcpListener::bind(&address).expect("a port is free");
    free.local_addr().expect("it has an address")
}

fn program() -> PathBuf {
    let other = std::env::var_os("CALLWRIGHT_TEST_BINARY");
    other.map_or_else(|| env!("CARGO_BIN_EXE_callwright").into(), PathBuf::from)
}

fn flows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flows")
}

/// A server; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// As `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Freezes it: it stays as it is, sockets and all, and does nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Lets it go on.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = self.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.is_ok_and(|it| it.success()), "it is our child");
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) {
        let _ = self.process.wait();
    }

    /// How it ended, when it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().expect("it is our child")
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// How many sockets it has open.
    pub(crate) fn sockets(&self) -> usize {
        let folder = format!("/proc/{}/fd", self.id());
        let entries = fs::read_dir(folder).expect("a server that lives has open files");
        let names = entries.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        names
            .filter(|name| name.to_string_lossy().starts_with("socket:"))
            .count()
    }
}
