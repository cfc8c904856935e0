//! R3: the power fails. A server works under `strace`; from what it did to its files they are made again as a disk would
//! hold them after a cut at a random moment; a server that is started on them has to know all that was acknowledged.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::crowd::{Crowd, Ledger};
use super::process::Home;
use super::random::Random;
use super::trace::{self, Disk, Leaves, Op};
use super::{by_day_or_night, killed};

/// How many moments the power fails at.
const CUTS: usize = 200;

const LEAVES: [Leaves; 3] = [Leaves::Nothing, Leaves::Some, Leaves::Torn];

/// How long the server works.
const WORKS_FOR: Duration = Duration::from_secs(4);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_nothing_that_was_acknowledged() {
    if !by_day_or_night(false, true) {
        return;
    }
    let mut random = Random::announced("R3");
    let worked = work(Home::new()).await;
    worked.is_whole(&mut random);
    let mut lost = Vec::new();
    for cut in 0..CUTS {
        lost.extend(worked.cut(&mut random, LEAVES[cut % LEAVES.len()]).await);
    }
    println!(
        "R3: {CUTS} power cuts in {} file operations, {} acknowledged, {} lost",
        worked.ops.len(),
        worked.ledger.acknowledged.len(),
        lost.len()
    );
    assert!(lost.is_empty(), "{lost:#?}");
}

/// The same with a server that promises less: if nothing were lost there, the test above would show nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_is_seen_where_less_is_promised() {
    if !by_day_or_night(false, true) {
        return;
    }
    let mut random = Random::announced("R3 control");
    let mut worked = work(Home::new().env("CALLWRIGHT_DURABILITY", "process")).await;
    worked.ledger = worked.ledger.without_statuses();
    for cut in 1..=CUTS {
        let lost = worked.cut(&mut random, Leaves::Nothing).await.len();
        if lost > 0 {
            println!("R3: control with durability \"process\": cut {cut} lost {lost}");
            return;
        }
    }
    panic!("{CUTS} power cuts lost nothing with durability \"process\"");
}

/// What a server did, and what it said.
struct Worked {
    home: Home,
    ops: Vec<Op>,
    ledger: Ledger,
}

async fn work(home: Home) -> Worked {
    let trace = home.path().join("trace");
    let mut command = under_strace(&home, &trace);
    let strace = home.start_with(&mut command);
    let crowd = Crowd::gather(4, home.address);
    tokio::time::sleep(WORKS_FOR).await;
    let ledger = crowd.disperse().await;
    end_child_of(strace.id());
    strace.wait();
    let text = std::fs::read_to_string(&trace).expect("strace wrote its trace");
    let ops = trace::read(&text, home.path());
    Worked { home, ops, ledger }
}

fn under_strace(home: &Home, trace: &PathBuf) -> Command {
    let plain = home.command();
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-y",
            "-xx",
            "-ttt",
            "-s",
            "10000000",
            "-e",
            trace::CALLS,
            "-o",
        ])
        .arg(trace)
        .arg(plain.get_program())
        .args(plain.get_args())
        .current_dir(home.path())
        .stdout(std::process::Stdio::null())
        .stderr(home.log());
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

/// Kills what `strace` runs: then it ends too.
fn end_child_of(strace: u32) {
    let path = format!("/proc/{strace}/task/{strace}/children");
    let children = std::fs::read_to_string(path).expect("the system tells children");
    for child in children.split_whitespace() {
        let killed = Command::new("kill").args(["-KILL", child]).status();
        assert!(
            killed.is_ok_and(|status| status.success()),
            "it can be killed"
        );
    }
}

impl Worked {
    /// Holds the trace to the truth: without a cut, what is made of it are the files that are there.
    fn is_whole(&self, random: &mut Random) {
        let again = self.made_again(self.ops.len(), Leaves::All, random);
        for database in self.home.databases() {
            for suffix in ["", "-wal"] {
                let path = PathBuf::from(format!("{}{suffix}", database.display()));
                let name = path.file_name().expect("a file has a name");
                let real = std::fs::read(&path).unwrap_or_default();
                let made = std::fs::read(again.path().join(name)).unwrap_or_default();
                assert!(
                    real == made,
                    "{}: {} bytes, made again {}",
                    path.display(),
                    real.len(),
                    made.len()
                );
            }
        }
    }

    /// The files as they were after the first `count` operations and a cut.
    fn made_again(&self, count: usize, leaves: Leaves, random: &mut Random) -> Home {
        let mut disk = Disk::default();
        for op in &self.ops[..count] {
            disk.apply(&op.deed);
        }
        let home = Home::new();
        disk.cut(self.home.path(), home.path(), leaves, random);
        home
    }

    /// Cuts the power at a random moment, and gives what a new server does not know that it should.
    async fn cut(&self, random: &mut Random, leaves: Leaves) -> Vec<String> {
        let at = random.between(1, self.ops.len() as u64) as usize;
        let after = self.made_again(at, leaves, random);
        killed::sound(&after).await;
        let began = Instant::now();
        let _server = after.start();
        let acknowledged = self.ledger.before(self.ops[at].at);
        let mut lost = acknowledged
            .lost(after.address, &self.home.unstored())
            .await;
        for it in &mut lost {
            *it = format!(
                "cut at {at} ({leaves:?}), {:?} later: {it}",
                began.elapsed()
            );
        }
        lost
    }
}
