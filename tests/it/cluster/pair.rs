//! A primary and its standby, and one address at which nodes find whichever of the two serves.
//!
//! The address is a link to the folder of the server's socket: what a name or a virtual address is on a network.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use super::{Cluster, Place, run, signal};

/// Two servers.
pub(crate) struct Pair {
    pub(crate) primary: Cluster,
    standby: Cluster,
    address: TempDir,
}

impl Pair {
    /// A primary, and a standby that follows it. Commits do not wait for the standby.
    pub(crate) fn start() -> Option<Self> {
        let primary = Cluster::start()?;
        let pair = Self {
            standby: primary.standby(),
            primary,
            address: tempfile::tempdir().expect("a temporary folder can be made"),
        };
        pair.point();
        Some(pair)
    }

    /// The address of a new database, whichever server serves.
    pub(crate) fn database(&self) -> String {
        let url = self.primary.database();
        let (database, _) = url.split_once("?host=").expect("it names a folder");
        format!("{database}?host={}", self.link().display())
    }

    fn link(&self) -> std::path::PathBuf {
        self.address.path().join("primary")
    }

    /// Has the address lead to the primary.
    fn point(&self) {
        let next = self.address.path().join("next");
        symlink(&self.primary.place.folder, &next).expect("a link can be made");
        fs::rename(next, self.link()).expect("a link can be replaced");
    }

    /// From now on a commit waits until the standby has it on its disk.
    pub(crate) fn be_synchronous(&self) {
        self.primary
            .sql("ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.primary.sql("SELECT pg_reload_conf()");
        let synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.primary.place.ask(synchronous) != "1" {
            std::thread::yield_now();
        }
    }

    /// From now on the standby hears nothing more.
    pub(crate) fn hold_back(&self) {
        let sends = |pid: &String| {
            let title = fs::read_to_string(format!("/proc/{pid}/cmdline"));
            title.is_ok_and(|title| title.contains("walsender"))
        };
        let mut senders = self.primary.processes();
        senders.retain(sends);
        signal("-STOP", &senders);
    }

    /// The standby takes over. What was the primary is left as it is.
    pub(crate) fn promote(&mut self) {
        let mut promote = self.standby.place.command("pg_ctl");
        promote.arg("-D").arg(self.standby.place.data());
        run(promote.args(["-w", "promote"]));
        std::mem::swap(&mut self.primary, &mut self.standby);
        self.point();
    }

    /// Lets the primary of before, which was frozen, go on in its belief.
    pub(crate) fn thaw_the_old(&self) {
        self.standby.thaw();
    }

    /// Ends the primary of before, and puts a new standby in its place.
    pub(crate) fn replace_the_old(&mut self) {
        self.standby = self.primary.standby();
    }

    /// Waits until something can be written.
    pub(crate) fn write(&self) {
        self.primary
            .sql("CREATE TABLE IF NOT EXISTS written (at timestamptz); INSERT INTO written VALUES (now())");
    }
}

impl Cluster {
    /// A server that follows this one.
    fn standby(&self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let place = Place {
            programs: self.place.programs.clone(),
            folder: folder.path().to_owned(),
        };
        place.give_to_server();
        place.follow(&self.place.folder);
        place.start("-c wal_retrieve_retry_interval=100ms");
        Self {
            place,
            _folder: folder,
        }
    }
}

impl Place {
    /// Takes over the files of the server whose socket is in `primary`, and follows it.
    fn follow(&self, primary: &Path) {
        let mut copy = self.command("pg_basebackup");
        copy.args(["-R", "--no-sync", "-c", "fast", "-U", "postgres", "-h"]);
        run(copy.arg(primary).arg("-D").arg(self.data()));
    }

    /// What a query of one value gives.
    fn ask(&self, query: &str) -> String {
        let mut psql = self.command("psql");
        psql.args(["-X", "-A", "-t", "-U", "postgres", "-h"]);
        psql.arg(&self.folder).args(["-c", query, "postgres"]);
        let told = psql.stdout(Stdio::piped()).output();
        let told = told.expect("the program can be run").stdout;
        String::from_utf8_lossy(&told).trim().to_owned()
    }
}
