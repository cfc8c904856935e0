//! The commands that help whoever writes menus: `new`, `fmt`, `diff`, `graph`, `schema`, `lsp`, `import`.

mod conforms;
mod first;
mod imported;
mod lsp;
mod page;
mod schema;
mod shown;

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// An empty folder to write in.
pub(crate) struct Desk(TempDir);

impl Desk {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder can be made"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("it can be written");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Runs a command of the program here, with `typed` as its input; gives its exit code and all that it says.
    pub(crate) fn run_typing(&self, arguments: &[&str], typed: &str) -> (Option<i32>, String) {
        let mut process = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the test build's own program starts");
        let mut input = process.stdin.take().expect("it is piped");
        // A command that asks nothing may be gone before it reads.
        let _ = input.write_all(typed.as_bytes());
        drop(input);
        said(&process.wait_with_output().expect("it ends"))
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> (Option<i32>, String) {
        self.run_typing(arguments, "")
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.code(), text)
}

/// The shipped flows' folder.
fn shipped() -> String {
    format!("{}/flows", env!("CARGO_MANIFEST_DIR"))
}
