//! The house's own rules, read off its files: who may import whom, what the core may not name, how long a file may be,
//! and that what the papers promise is there. A failure names the file, the line and the rule that was broken.

mod imports;
mod names;
mod papers;
mod rust_text;
mod sql;

use std::fs;
use std::path::{Path, PathBuf};

/// A text file of the project.
struct File {
    /// Its path from the root, with `/` between the parts.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below `folder` whose names end in `.extension`, sorted; `""` is the root.
fn files(folder: &str, extension: &str) -> Vec<File> {
    let mut paths = Vec::new();
    collect(&root().join(folder), extension, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", folder.display()));
    for entry in entries {
        let path = entry
            .expect("a folder just opened lists its entries")
            .path();
        let name = path.file_name().and_then(|name| name.to_str());
        let others = ["target", "node_modules"];
        if name.is_none_or(|name| name.starts_with('.') || others.contains(&name)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> File {
    let text = fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", path.display()));
    let below_root = path
        .strip_prefix(root())
        .expect("files are found below the root");
    let parts: Vec<_> = below_root
        .iter()
        .map(|part| part.to_string_lossy())
        .collect();
    File {
        path: parts.join("/"),
        text,
    }
}

/// Fails with every fault at once.
fn no_faults(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}
