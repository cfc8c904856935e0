//! `callwright test`: calls written down are played, and what goes wrong is told as people read it.

mod center;
mod failures;
mod runs;
mod saved;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A folder with the clinic's flow in it, and a file of calls to it.
struct Folder(TempDir);

impl Folder {
    /// The clinic, with these calls beside it.
    fn with(calls: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder can be made"));
        let clinic = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flows/phone/clinic.toml");
        fs::copy(clinic, folder.path().join("clinic.toml")).expect("it can be copied");
        folder.write("clinic.test.toml", calls);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("it can be written");
    }

    /// What `callwright test` says of it, and its exit code.
    fn test(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let done = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .arg("test")
            .args(arguments)
            .current_dir(self.path())
            .output()
            .expect("the test build's own program starts");
        let said = String::from_utf8_lossy(&done.stdout).into_owned()
            + &String::from_utf8_lossy(&done.stderr);
        (done.status.code(), said)
    }
}

/// What was said without its last line, which tells how long it took.
fn without_rate(said: &str) -> String {
    let lines: Vec<_> = said.lines().collect();
    lines[..lines.len() - 1].join("\n")
}

/// One call to the clinic, of these lines.
fn call(name: &str, lines: &[&str]) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| format!("  \"{line}\",\n"))
        .collect();
    format!(
        "\n[[call]]\nname = \"{name}\"\nsteps = [\n{}]\n",
        lines.concat()
    )
}
