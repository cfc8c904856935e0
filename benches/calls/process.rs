//! The servers under load, each a process on a core of its own, and what the system says about them.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{Outcome, Plan};
use crate::postgres;

/// The core of the servers, and that of the load.
pub(crate) const SERVER_CORE: &str = "0";
pub(crate) const LOAD_CORE: &str = "1";

/// How long a server may take until it listens.
const STARTS_WITHIN: Duration = Duration::from_secs(120);

/// Ticks of the system's clock in a second, as Linux counts processor time.
const TICKS: f64 = 100.0;

/// What a process has used.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// Processor time in seconds.
    pub(crate) cpu: f64,
    /// Resident memory in MiB.
    pub(crate) rss: f64,
}

impl Usage {
    /// What the process `pid` has used until now; nought when there is none.
    pub(crate) fn of(pid: u32) -> Self {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // The name, in parentheses, may hold spaces: counted is from behind it.
        let fields: Vec<_> = stat
            .rsplit_once(')')
            .map_or("", |(_, rest)| rest)
            .split_whitespace()
            .collect();
        let ticks = |index: usize| {
            fields
                .get(index)
                .and_then(|field| field.parse::<f64>().ok())
        };
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let rss = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        Self {
            cpu: (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / TICKS,
            rss: rss.unwrap_or(0.0) / 1024.0,
        }
    }
}

/// Processor time that all processes of the machine have used, in seconds, with what a hypervisor gave to others.
pub(crate) fn whole_machine() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let all = stat.lines().next().unwrap_or_default();
    let ticks: Vec<f64> = all
        .split_whitespace()
        .skip(1)
        .filter_map(|field| field.parse().ok())
        .collect();
    let [user, nice, system, _, _, _, _, stolen, ..] = ticks[..] else {
        return 0.0;
    };
    (user + nice + system + stolen) / TICKS
}

/// A server in a process of its own; ended when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    /// The bare server: this program under another name.
    pub(crate) fn bare() -> io::Result<Self> {
        let mut process = pinned(SERVER_CORE, &std::env::current_exe()?)
            .arg("bare")
            .stdout(Stdio::piped())
            .spawn()?;
        let output = process.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().map_err(io::Error::other)?;
        Ok(Self { process, address })
    }

    /// The real server, with whatever is in `folder`, which is made when it is missing.
    pub(crate) fn callwright(folder: &Path, environment: &[(String, String)]) -> io::Result<Self> {
        Self::callwright_on(SERVER_CORE, folder, environment)
    }

    /// The same on another core.
    pub(crate) fn callwright_on(
        core: &str,
        folder: &Path,
        environment: &[(String, String)],
    ) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.join("server.log"))?;
        let process = pinned(core, Path::new(env!("CARGO_BIN_EXE_callwright")))
            .arg("serve")
            .current_dir(folder)
            // It is ours, and the server refuses settings that it does not know.
            .env_remove(postgres::VARIABLE)
            .env("CALLWRIGHT_LISTEN", address.to_string())
            .env("CALLWRIGHT_FLOWS", flows())
            .env("CALLWRIGHT_LOG__LEVEL", "warn")
            .envs(environment.iter().cloned())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Self { process, address };
        server.listens()?;
        Ok(server)
    }

    fn listens(&mut self) -> io::Result<()> {
        let began = Instant::now();
        while std::net::TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.process.try_wait()? {
                return Err(io::Error::other(format!(
                    "the server ended ({status}); its server.log says why"
                )));
            }
            if began.elapsed() > STARTS_WITHIN {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    pub(crate) fn usage(&self) -> Usage {
        Usage::of(self.process.id())
    }

    /// Waits until it rests: what it begins with is done. How much processor time that took, in seconds.
    pub(crate) fn rests(&self) -> f64 {
        let began = Instant::now();
        let mut used = self.usage().cpu;
        loop {
            std::thread::sleep(Duration::from_millis(500));
            let now = self.usage().cpu;
            if now - used < 0.02 || began.elapsed() > STARTS_WITHIN {
                return now;
            }
            used = now;
        }
    }

    /// Ends it as an operator would, and waits until it has let go of its files.
    pub(crate) fn stop(mut self) -> io::Result<Duration> {
        let began = Instant::now();
        Command::new("kill")
            .arg("-TERM")
            .arg(self.process.id().to_string())
            .status()?;
        self.process.wait()?;
        Ok(began.elapsed())
    }
}

fn flows() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("flows")
}

fn pinned(core: &str, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.arg("-c").arg(core).arg(program);
    command
}

/// A load on `server`, and what both of them used.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) outcome: Outcome,
    /// What the servers used, in cores.
    pub(crate) server_cpu: f64,
    /// The servers' memory at the end, in MiB.
    pub(crate) rss: f64,
    /// What the load used of its core.
    pub(crate) load_cpu: f64,
    /// What everybody else used, in cores.
    pub(crate) neighbours: f64,
}

/// Puts a load on a server.
pub(crate) fn measure(server: &Server, plan: &Plan) -> io::Result<Measured> {
    measure_all(std::slice::from_ref(server), plan)
}

/// Puts a load on several servers.
pub(crate) fn measure_all(servers: &[Server], plan: &Plan) -> io::Result<Measured> {
    let plan = Plan {
        addresses: servers.iter().map(|server| server.address).collect(),
        seed: fresh_seed(),
        ..plan.clone()
    };
    let (machine, before) = (whole_machine(), usage(servers));
    let outcome = run_load(&plan)?;
    let (machine, after) = (whole_machine() - machine, usage(servers));
    let used = after.cpu - before.cpu;
    let seconds = outcome.whole_seconds;
    Ok(Measured {
        server_cpu: used / seconds,
        rss: after.rss,
        load_cpu: outcome.cpu / seconds,
        neighbours: ((machine - used - outcome.cpu) / seconds).max(0.0),
        outcome,
    })
}

/// A seed of its own for each load: on a database that has seen one before, the same calls would be known.
pub(crate) fn fresh_seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}

/// What servers have used together.
fn usage(servers: &[Server]) -> Usage {
    let used = servers.iter().map(Server::usage);
    used.fold(Usage::default(), |all, one| Usage {
        cpu: all.cpu + one.cpu,
        rss: all.rss + one.rss,
    })
}

fn run_load(plan: &Plan) -> io::Result<Outcome> {
    let mut command = pinned(LOAD_CORE, &std::env::current_exe()?);
    command.arg("load").args(plan.arguments());
    let output = command.stderr(Stdio::inherit()).output()?;
    serde_json::from_slice(&output.stdout).map_err(io::Error::other)
}
