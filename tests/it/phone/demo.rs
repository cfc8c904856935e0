//! `callwright demo`: one address, a scratch folder that goes, and a port that is taken.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::app::client;

/// A demo of its own; it ends when this is dropped.
pub(crate) struct Demo {
    process: Child,
    out: BufReader<ChildStdout>,
    /// What it printed.
    pub(crate) said: String,
}

impl Demo {
    /// A demo on a free port, with the shipped flows or this one.
    pub(crate) fn start(flow: Option<&Path>) -> Self {
        let flow = flow.map(|flow| flow.display().to_string());
        let listen = ["--listen".to_owned(), "127.0.0.1:0".to_owned()];
        Self::started(listen.into_iter().chain(flow))
    }

    fn started(args: impl IntoIterator<Item = String>) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .arg("demo")
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test build's own program starts");
        let out = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut demo = Self {
            process,
            out,
            said: String::new(),
        };
        demo.read_until("Ctrl-C");
        demo
    }

    fn read_until(&mut self, wanted: &str) {
        while !self.said.contains(wanted) {
            let read = self.out.read_line(&mut self.said).expect("it prints text");
            assert!(read > 0, "it ended: {}", self.said);
        }
    }

    /// The address that it printed.
    pub(crate) fn url(&self) -> String {
        let mut lines = self.said.lines().map(str::trim);
        let found = lines.find(|line| line.starts_with("http://"));
        found.expect("it prints its address").to_owned()
    }

    fn scratch(&self) -> PathBuf {
        let (_, folder) = self.said.rsplit_once(" in ").expect("it names its folder");
        PathBuf::from(folder.trim())
    }

    /// Ends it as Ctrl-C does.
    fn interrupt(mut self) {
        let pid = self.process.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.is_ok_and(|it| it.success()), "it is our child");
        let ended = self.process.wait().expect("it is our child");
        assert!(ended.success(), "{ended}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let pid = self.process.id().to_string();
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-TERM", &pid]).status();
            let _ = self.process.wait();
        }
    }
}

#[tokio::test]
async fn it_prints_one_address_and_leaves_nothing_behind() {
    let demo = Demo::start(None);
    assert_eq!(demo.said.matches("http://").count(), 1, "{}", demo.said);
    let page = client().get(demo.url()).send().await.expect("it answers");
    assert_eq!(page.status().as_u16(), 200);
    let scratch = demo.scratch();
    assert!(scratch.join("callwright.db").exists());
    demo.interrupt();
    assert!(!scratch.exists());
}

/// Whoever ends it the moment that it has printed its address.
#[test]
fn it_leaves_nothing_behind_however_early_it_ends() {
    for _ in 0..3 {
        let demo = Demo::start(None);
        let scratch = demo.scratch();
        demo.interrupt();
        assert!(!scratch.exists());
    }
}

#[test]
fn two_of_them_have_a_port_each() {
    let (one, other) = (Demo::started([]), Demo::started([]));
    assert_ne!(one.url(), other.url());
    assert!(other.said.contains("is taken"), "{}", other.said);
}
