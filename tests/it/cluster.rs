//! A real PostgreSQL for the tests: one that all test processes of a run share, each test with a database of its own;
//! and one of a test's own, to be stopped, killed and frozen.
//!
//! The shared one is started by whoever comes first, in the folder for temporary files, on a Unix socket and without
//! fsync; it ends by itself when no test has asked for it for a while and none that asked still runs.

pub(crate) mod pair;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian keeps what is not on the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Where the server's programs are. `None`, and a line that says so, where PostgreSQL is not installed; with `CI=true`
/// that is a failure.
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).find(|folder| has_server(folder)));
    let found = on_path.or_else(newest_of_debian);
    if found.is_none() {
        let word = "PostgreSQL is not installed (Debian: apt-get install postgresql)";
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{word}");
        println!("skipped: {word}");
    }
    found
}

fn has_server(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "psql"]
        .iter()
        .all(|program| folder.join(program).exists())
}

fn newest_of_debian() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).ok()?.flatten();
    let mut folders: Vec<_> = versions.map(|version| version.path().join("bin")).collect();
    folders.retain(|folder| has_server(folder));
    folders.sort();
    folders.pop()
}

fn am_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

/// A command that runs as somebody whom the server lets run it: it refuses root.
fn command(program: &Path) -> Command {
    let mut command = if am_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program);
        command
    } else {
        Command::new(program)
    };
    command
        .current_dir("/")
        .env_remove("PGOPTIONS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn run(command: &mut Command) {
    let done = command.output().expect("the program can be run");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {told}");
}

/// A server's folder: `data` with its files, and its socket.
#[derive(Debug, Clone)]
struct Place {
    programs: PathBuf,
    folder: PathBuf,
}

impl Place {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Command {
        command(&self.programs.join(program))
    }

    /// Makes the files anew.
    fn make(&self, auth: &[&str]) {
        let _ = fs::remove_dir_all(self.data());
        self.give_to_server();
        let mut initdb = self.command("initdb");
        initdb.arg("-D").arg(self.data());
        initdb.args(["-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C"]);
        run(initdb.args(auth));
    }

    fn give_to_server(&self) {
        if am_root() {
            run(Command::new("chown")
                .arg("postgres:postgres")
                .arg(&self.folder)
                .stderr(Stdio::piped()));
        }
    }

    fn start(&self, more: &str) {
        let socket = self.folder.display();
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{socket}' -c fsync=off -c full_page_writes=off \
             -c max_connections=300 -c shared_buffers=64MB {more}"
        );
        let mut start = self.command("pg_ctl");
        start.arg("-D").arg(self.data()).arg("-l");
        start.arg(self.folder.join("log")).args(["-w", "-t", "30"]);
        // Its output is not read: the server inherits it, and the reading would end with the server.
        start.stderr(Stdio::null());
        let started = start.args(["-o", &options, "start"]).status();
        assert!(
            started.is_ok_and(|status| status.success()),
            "the server starts: see its log"
        );
    }

    fn is_running(&self) -> bool {
        let mut status = self.command("pg_ctl");
        status.arg("-D").arg(self.data()).arg("status");
        status.output().is_ok_and(|told| told.status.success())
    }

    fn sql(&self, statement: &str) {
        let mut psql = self.command("psql");
        psql.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-h"]);
        run(psql.arg(&self.folder).args(["-c", statement, "postgres"]));
    }

    fn url(&self, user: &str, database: &str) -> String {
        format!(
            "postgres://{user}@localhost/{database}?host={}",
            self.folder.display()
        )
    }

    /// A new database's address.
    fn database(&self) -> String {
        let name = format!("t{}", uuid::Uuid::new_v4().simple());
        self.sql(&format!("CREATE DATABASE {name}"));
        self.url("postgres", &name)
    }
}

/// The address of a new database on the shared server; `None` where there is no PostgreSQL.
pub(crate) fn database() -> Option<String> {
    let programs = programs()?;
    let name = format!("callwright-tests-{}", seed());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
    let lock = File::create(folder.join("lock")).expect("our folder can be written");
    lock.lock().expect("whoever starts the server will let go");
    File::create(folder.join("asked")).expect("our folder can be written");
    USED.get_or_init(|| use_until_the_end(&folder));
    let place = Place { programs, folder };
    if !place.is_running() {
        place.make(&["--auth=trust"]);
        place.start("-c max_wal_size=256MB");
        watch(&place);
    }
    Some(place.database())
}

/// Says for as long as this process runs that it uses the shared server.
static USED: OnceLock<File> = OnceLock::new();

fn use_until_the_end(folder: &Path) -> File {
    let used = File::create(folder.join("used")).expect("our folder can be written");
    used.lock_shared()
        .expect("whoever ends the server will let go");
    used
}

/// A name that no other checkout of the project takes.
fn seed() -> u32 {
    let bytes = env!("CARGO_MANIFEST_DIR").bytes();
    bytes.fold(5381, |hash: u32, byte| {
        hash.wrapping_mul(33) ^ u32::from(byte)
    })
}

/// Has a process of its own end the server when nobody has asked for it for three minutes and nobody uses it.
fn watch(place: &Place) {
    let script = r#"
        while sleep 10; do
            [ -e asked ] || exit 0
            [ -n "$(find asked -mmin -3)" ] && continue
            flock lock flock -n used sh -c \
                '[ -n "$(find asked -mmin -3)" ] || { "$0" -D data -m immediate stop; rm -rf data; }' "$1"
            [ -e data ] || exit 0
        done"#;
    let pg_ctl = place.programs.join("pg_ctl");
    let mut watch = command(Path::new("setsid"));
    watch.args(["sh", "-c", script, "sh"]).arg(pg_ctl);
    watch.current_dir(&place.folder).stderr(Stdio::null());
    // It outlives this test on purpose, and nobody waits for it.
    #[expect(clippy::zombie_processes, reason = "it outlives this process")]
    watch.spawn().expect("a watchman can be started");
}

/// A server of a test's own.
pub(crate) struct Cluster {
    place: Place,
    _folder: TempDir,
}

impl Cluster {
    /// A server that lets everybody in who is on this machine.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&["--auth=trust"])
    }

    /// A server that asks for passwords; the first user's is `sesame`.
    pub(crate) fn start_with_passwords() -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let file = folder.path().join("password");
        fs::write(&file, "sesame\n").expect("it is ours");
        open_to_all(folder.path());
        let file = format!("--pwfile={}", file.display());
        Self::start_with(&["--auth=scram-sha-256", &file])
    }

    fn start_with(auth: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let place = Place {
            programs: programs()?,
            folder: folder.path().to_owned(),
        };
        place.make(auth);
        place.start("");
        Some(Self {
            place,
            _folder: folder,
        })
    }

    /// The address of a new database.
    pub(crate) fn database(&self) -> String {
        self.place.database()
    }

    /// The address of `database` for `user`, which may hold a password.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        self.place.url(user, database)
    }

    /// Runs a statement in the database `postgres`, as the first user.
    pub(crate) fn sql(&self, statement: &str) {
        self.place.sql(statement);
    }

    /// Starts it again.
    pub(crate) fn start_again(&self) {
        self.place.start("");
    }

    /// Stops it as an operator would.
    pub(crate) fn stop(&self) {
        let mut stop = self.place.command("pg_ctl");
        stop.arg("-D").arg(self.place.data());
        run(stop.args(["-w", "-m", "fast", "stop"]));
    }

    /// Kills all of its processes.
    pub(crate) fn kill(&self) {
        let processes = self.processes();
        signal("-KILL", &processes);
        let deadline = Instant::now() + Duration::from_secs(10);
        let is_there = |process: &String| {
            let state = fs::read_to_string(format!("/proc/{process}/stat"));
            state.is_ok_and(|state| !state.contains(") Z "))
        };
        while processes.iter().any(is_there) && Instant::now() < deadline {
            std::thread::yield_now();
        }
        // Where nobody buries dead processes, their number still counts as taken.
        let _ = fs::remove_file(self.place.data().join("postmaster.pid"));
        let socket = fs::read_dir(&self.place.folder).expect("our folder can be listed");
        for entry in socket.flatten() {
            if entry.file_name().to_string_lossy().starts_with(".s.PGSQL.") {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    /// Freezes all of its processes.
    pub(crate) fn freeze(&self) {
        signal("-STOP", &self.processes());
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        signal("-CONT", &self.processes());
    }

    /// The first process and its children.
    fn processes(&self) -> Vec<String> {
        let Ok(pid) = fs::read_to_string(self.place.data().join("postmaster.pid")) else {
            return Vec::new();
        };
        let first = pid.lines().next().unwrap_or_default().to_owned();
        let children = fs::read_dir("/proc").expect("Linux has it").flatten();
        let children = children
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|pid| pid.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|pid| parent(pid).as_ref() == Some(&first));
        let mut processes = vec![first.clone()];
        processes.extend(children);
        processes
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        signal("-KILL", &self.processes());
    }
}

fn open_to_all(path: &Path) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    fs::set_permissions(path, mode).expect("it is ours");
}

fn parent(pid: &str) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    rest.split(' ').nth(1).map(str::to_owned)
}

fn signal(signal: &str, processes: &[String]) {
    if !processes.is_empty() {
        // One that has ended meanwhile needs none.
        let _ = Command::new("kill")
            .arg(signal)
            .args(processes)
            .stderr(Stdio::null())
            .status();
    }
}
