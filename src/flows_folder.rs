//! Finds flow files and reads them: all `*.toml` under a folder, at any depth, but `*.test.toml` and what begins with a dot; and
//! calendars, `*.ics`. A flow that is named alone brings the files that it uses. Test files are found likewise.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::flow::check::named_files;
use crate::flow::diagnostic::Source;

/// The most bytes a flow file may hold: a hundred times the longest flow that people keep in their heads.
const LARGEST_FILE: u64 = 8 * 1024 * 1024;

/// Why flows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A path leads nowhere.
    #[error("there is no file or folder {}", .0.display())]
    NoSuchPath(PathBuf),
    /// A file or a folder cannot be opened.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A file holds more than 8 MiB.
    #[error("{} is larger than 8 MiB, which is no flow", .0.display())]
    TooLarge(PathBuf),
    /// What should be a file is a pipe or a device.
    #[error("{} is neither a file nor a folder", .0.display())]
    NoFile(PathBuf),
    /// The folders hold no flow.
    #[error("there is no flow in {}: a flow is a file that ends in .toml", .0.display())]
    NoFlows(PathBuf),
}

/// What was found at some paths.
#[derive(Debug)]
pub struct Found {
    /// The flows that could be read, in the order of their names.
    pub sources: Vec<Source>,
    /// Everything that could not be read.
    pub errors: Vec<FolderError>,
}

/// Reads the flows at these paths as [`find`] does. Errors: everything that cannot be read, all at once.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Source>, Vec<FolderError>> {
    let Found { sources, errors } = find(paths);
    if errors.is_empty() {
        Ok(sources)
    } else {
        Err(errors)
    }
}

/// Reads what can be read of the flows at these paths, each a file or a folder, in the order of their names.
///
/// A file that is not UTF-8 is read with U+FFFD in place of what is none; the check says so.
pub fn find(paths: &[PathBuf]) -> Found {
    look(paths, is_flow, Some(FolderError::NoFlows))
}

/// Reads what can be read of the test files at these paths, as [`find`] does of flows; a folder may hold none.
pub fn find_tests(paths: &[PathBuf]) -> Found {
    look(paths, is_test, None)
}

/// Reads what is wanted; `empty` is what is said of a folder that holds nothing of it.
fn look(
    paths: &[PathBuf],
    wanted: fn(&Path) -> bool,
    empty: Option<fn(PathBuf) -> FolderError>,
) -> Found {
    let mut errors = Vec::new();
    let mut files = Vec::new();
    for path in paths {
        let mut found = Vec::new();
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                walk(path, wanted, &mut found, &mut errors);
                if found.is_empty() && errors.is_empty() {
                    errors.extend(empty.map(|empty| empty(path.clone())));
                }
            }
            Ok(_) => found.push(path.clone()),
            Err(cause) => errors.push(unreadable(path, cause)),
        }
        found.sort();
        files.append(&mut found);
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.clone())));
    let mut sources = Vec::new();
    let mut next = 0;
    while let Some(file) = files.get(next).cloned() {
        next += 1;
        match read_file(&file) {
            Ok(source) => {
                for used in used_by(&file, &source) {
                    let real = fs::canonicalize(&used).unwrap_or_else(|_| used.clone());
                    if seen.insert(real) {
                        files.push(used);
                    }
                }
                sources.push(source);
            }
            Err(error) => errors.push(error),
        }
    }
    Found { sources, errors }
}

/// The files that a flow names and that are there: beside it, or in a folder above.
fn used_by(file: &Path, source: &Source) -> Vec<PathBuf> {
    if !source.path.ends_with(".toml") {
        return Vec::new();
    }
    let find = |name: String| {
        let folders = file.ancestors().skip(1);
        let mut found = folders.map(|folder| folder.join(name.trim_start_matches("./")));
        found.find(|path| path.is_file())
    };
    named_files(&source.text)
        .into_iter()
        .filter_map(find)
        .collect()
}

/// Collects the files under a folder that are wanted. A folder that links lead to twice is visited once.
fn walk(
    folder: &Path,
    wanted: fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
    errors: &mut Vec<FolderError>,
) {
    let mut visited = HashSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        let real = fs::canonicalize(&folder).unwrap_or_else(|_| folder.clone());
        if !visited.insert(real) {
            continue;
        }
        match entries(&folder) {
            Ok(paths) => {
                for path in paths {
                    if path.is_dir() {
                        open.push(path);
                    } else if wanted(&path) {
                        found.push(path);
                    }
                }
            }
            Err(cause) => errors.push(unreadable(&folder, cause)),
        }
    }
}

/// What a folder holds, hidden things left out, the last first.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort_by(|a, b| b.cmp(a));
    Ok(paths)
}

fn is_flow(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    (name.ends_with(".toml") && !is_test(path)) || name.ends_with(".ics")
}

/// Whether a path names a file of scripted calls.
pub fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".test.toml")
}

fn read_file(path: &Path) -> Result<Source, FolderError> {
    let metadata = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
    if !metadata.is_file() {
        return Err(FolderError::NoFile(path.to_owned()));
    }
    if metadata.len() > LARGEST_FILE {
        return Err(FolderError::TooLarge(path.to_owned()));
    }
    let bytes = fs::read(path).map_err(|cause| unreadable(path, cause))?;
    Ok(Source {
        path: path.display().to_string(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
    })
}

fn unreadable(path: &Path, cause: io::Error) -> FolderError {
    if cause.kind() == io::ErrorKind::NotFound {
        return FolderError::NoSuchPath(path.to_owned());
    }
    FolderError::Unreadable {
        path: path.to_owned(),
        cause,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{FolderError, read};

    fn write(folder: &Path, name: &str, bytes: &[u8]) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("folder");
        fs::write(path, bytes).expect("file");
    }

    fn names(folder: &Path, paths: &[PathBuf]) -> Vec<String> {
        let sources = read(paths).expect("all can be read");
        let short = |path: &str| {
            let path = Path::new(path)
                .strip_prefix(folder)
                .expect("below the folder");
            path.display().to_string()
        };
        sources.iter().map(|source| short(&source.path)).collect()
    }

    #[test]
    fn flows_are_found_at_any_depth_and_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        for name in [
            "b.toml",
            "a/z.toml",
            "a/b/c.toml",
            "b.test.toml",
            "notes.txt",
            ".hidden.toml",
            ".git/x.toml",
        ] {
            write(at, name, b"");
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink(at, at.join("a/loop")).expect("a link");
        let found = names(at, &[at.to_owned()]);
        assert_eq!(found, ["a/b/c.toml", "a/z.toml", "b.toml"]);
        let twice = names(at, &[at.join("b.toml"), at.to_owned()]);
        assert_eq!(twice, ["b.toml", "a/b/c.toml", "a/z.toml"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        let missing = read(&[at.join("x.toml"), at.join("y")]).expect_err("neither is there");
        assert!(matches!(
            missing[..],
            [FolderError::NoSuchPath(_), FolderError::NoSuchPath(_)]
        ));
        let empty = read(&[at.to_owned()]).expect_err("no flow in it");
        assert!(matches!(empty[..], [FolderError::NoFlows(_)]));
    }

    #[test]
    fn bytes_that_are_no_text_are_marked() {
        let folder = tempfile::tempdir().expect("a folder");
        write(folder.path(), "latin.toml", b"say = \"caf\xe9\"");
        let sources = read(&[folder.path().to_owned()]).expect("it can be read");
        assert_eq!(sources[0].text, "say = \"caf\u{fffd}\"");
    }
}
