//! What a server did to its files, read from `strace`, and what of it a disk would hold after a power cut.

use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::random::Random;

/// The calls that are traced. With them go `-f -y -xx -ttt -s 10000000`.
pub(crate) const CALLS: &str = "trace=openat,write,pwrite64,ftruncate,fsync,fdatasync,unlink,unlinkat,rename,renameat,renameat2,link,linkat";

/// One thing done to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// `None` as the place: at the end.
    Write(PathBuf, Option<u64>, Vec<u8>),
    Truncate(PathBuf, u64),
    SyncBegins(PathBuf, u32),
    SyncEnds(u32),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
}

/// A deed and when it began, in microseconds since 1970.
#[derive(Debug, Clone)]
pub(crate) struct Op {
    pub(crate) at: i64,
    pub(crate) deed: Deed,
}

/// The deeds in `trace` that are done to files in `folder`.
pub(crate) fn read(trace: &str, folder: &Path) -> Vec<Op> {
    let mut ops: Vec<Op> = Vec::new();
    // Calls that have begun, by their thread: one that the kill cut off was never done.
    let mut begun = HashMap::new();
    for line in trace.lines() {
        let Some((thread, at, rest)) = split(line) else {
            continue;
        };
        if rest.ends_with("= ?") {
            continue;
        }
        begun.remove(&thread);
        let is_open = rest.ends_with("<unfinished ...>");
        let ends = (rest.starts_with("fsync(") || rest.starts_with("fdatasync("))
            && !rest.ends_with("<unfinished ...>");
        let deed = deed_of(thread, rest, folder).filter(|deed| deed.is_in(folder));
        let is_sync = matches!(deed, Some(Deed::SyncBegins(..)));
        if is_open && deed.is_some() && !is_sync {
            begun.insert(thread, ops.len());
        }
        ops.extend(deed.map(|deed| Op { at, deed }));
        if ends && is_sync || rest.starts_with("<... fsync") || rest.starts_with("<... fdatasync") {
            let deed = Deed::SyncEnds(thread);
            ops.push(Op { at, deed });
        }
    }
    let undone: HashSet<usize> = begun.into_values().collect();
    let done = ops.into_iter().enumerate();
    done.filter(|(index, _)| !undone.contains(index))
        .map(|(_, op)| op)
        .collect()
}

/// Thread, moment and call of a line.
fn split(line: &str) -> Option<(u32, i64, &str)> {
    let (thread, rest) = line.split_once(' ')?;
    let (moment, call) = rest.trim_start().split_once(' ')?;
    let (seconds, micros) = moment.split_once('.')?;
    let at = seconds.parse::<i64>().ok()? * 1_000_000 + micros.parse::<i64>().ok()?;
    Some((thread.parse().ok()?, at, call))
}

fn deed_of(thread: u32, call: &str, folder: &Path) -> Option<Deed> {
    let (name, arguments) = call.split_once('(')?;
    let strings: Vec<Vec<u8>> = arguments
        .split('"')
        .skip(1)
        .step_by(2)
        .map(bytes_of)
        .collect();
    // The server works in its folder: what is relative is relative to that.
    let text = |index: usize| Some(folder.join(path_of(strings.get(index)?)?));
    match name {
        "write" => Some(Deed::Write(
            open_file(arguments)?,
            None,
            strings.first()?.clone(),
        )),
        "pwrite64" => {
            let place = numbers_after(arguments).nth(1)?;
            Some(Deed::Write(
                open_file(arguments)?,
                Some(place),
                strings.first()?.clone(),
            ))
        }
        "ftruncate" => Some(Deed::Truncate(
            open_file(arguments)?,
            numbers_after(arguments).next()?,
        )),
        "openat" if arguments.contains("O_TRUNC") => Some(Deed::Truncate(text(0)?, 0)),
        "fsync" | "fdatasync" => Some(Deed::SyncBegins(open_file(arguments)?, thread)),
        "unlink" | "unlinkat" => Some(Deed::Unlink(text(0)?)),
        "rename" | "renameat" | "renameat2" => Some(Deed::Rename(text(0)?, text(1)?)),
        "link" | "linkat" => Some(Deed::Link(text(0)?, text(1)?)),
        _ => None,
    }
}

/// The numbers among the arguments behind the file and the text, in order.
fn numbers_after(arguments: &str) -> impl Iterator<Item = u64> {
    let behind = arguments
        .rsplit(['"', '>'])
        .find(|it| it.starts_with(','))
        .unwrap_or_default();
    behind
        .split([',', ')', ' '])
        .filter_map(|part| part.parse().ok())
}

/// The path of the open file that comes first, as `-y` shows it.
fn open_file(arguments: &str) -> Option<PathBuf> {
    let (_, rest) = arguments.split_once('<')?;
    let (path, _) = rest.split_once('>')?;
    path_of(&bytes_of(path))
}

fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(std::str::from_utf8(bytes).ok()?))
}

/// What `\x41\x42` stands for.
fn bytes_of(text: &str) -> Vec<u8> {
    text.split("\\x")
        .skip(1)
        .filter_map(|pair| u8::from_str_radix(pair.get(..2)?, 16).ok())
        .collect()
}

impl Deed {
    fn is_in(&self, folder: &Path) -> bool {
        let path = match self {
            Self::Write(path, ..)
            | Self::Truncate(path, _)
            | Self::SyncBegins(path, _)
            | Self::Unlink(path)
            | Self::Rename(path, _)
            | Self::Link(path, _) => path,
            Self::SyncEnds(_) => return true,
        };
        path.starts_with(folder) && !path.ends_with("server.log") && !path.ends_with("trace")
    }
}

/// What a power cut leaves of writes that were not synced.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaves {
    Nothing,
    /// As if there had been no cut.
    All,
    Some,
    /// The first ones, the last of them torn between two sectors.
    Torn,
}

/// A file on the disk, and what is on its way there.
#[derive(Debug, Clone, Default)]
struct File {
    safe: Vec<u8>,
    pending: Vec<Change>,
    /// Without what is pending it would have this length.
    length: u64,
}

#[derive(Debug, Clone)]
enum Change {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Truncate(length) => content.resize(*length as usize, 0),
            Self::Write(place, bytes) => {
                let end = *place as usize + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*place as usize..end].copy_from_slice(bytes);
            }
        }
    }
}

/// A disk as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    files: HashMap<PathBuf, File>,
    /// By thread: what it syncs, and how much was pending when it began.
    syncing: HashMap<u32, (PathBuf, usize)>,
}

impl Disk {
    pub(crate) fn apply(&mut self, deed: &Deed) {
        match deed {
            Deed::Write(path, place, bytes) => {
                let file = self.files.entry(path.clone()).or_default();
                let place = place.unwrap_or(file.length);
                file.length = file.length.max(place + bytes.len() as u64);
                file.pending.push(Change::Write(place, bytes.clone()));
            }
            Deed::Truncate(path, length) => {
                let file = self.files.entry(path.clone()).or_default();
                file.length = *length;
                file.pending.push(Change::Truncate(*length));
            }
            Deed::SyncBegins(path, thread) => {
                let pending = self.files.get(path).map_or(0, |file| file.pending.len());
                self.syncing.insert(*thread, (path.clone(), pending));
            }
            Deed::SyncEnds(thread) => self.synced(*thread),
            Deed::Unlink(path) => {
                self.files.remove(path);
            }
            Deed::Link(from, to) => {
                if let Some(file) = self.files.get(from).cloned() {
                    self.files.insert(to.clone(), file);
                }
            }
            Deed::Rename(from, to) => {
                if let Some(file) = self.files.remove(from) {
                    self.files.insert(to.clone(), file);
                }
            }
        }
    }

    fn synced(&mut self, thread: u32) {
        let Some((path, pending)) = self.syncing.remove(&thread) else {
            return;
        };
        if let Some(file) = self.files.get_mut(&path) {
            let pending = pending.min(file.pending.len());
            for change in file.pending.drain(..pending) {
                change.apply(&mut file.safe);
            }
        }
    }

    /// Writes what a power cut would leave of `folder` into `to`.
    pub(crate) fn cut(&self, folder: &Path, to: &Path, leaves: Leaves, random: &mut Random) {
        for (path, file) in &self.files {
            let name = path
                .strip_prefix(folder)
                .expect("only its files are traced");
            let content = file.after_cut(leaves, random);
            let mut options = std::fs::File::options();
            options.write(true).create_new(true).mode(0o600);
            let file = options.open(to.join(name));
            let written = file.and_then(|mut file| file.write_all(&content));
            written.expect("it can be written");
        }
    }
}

impl File {
    fn after_cut(&self, leaves: Leaves, random: &mut Random) -> Vec<u8> {
        let mut content = self.safe.clone();
        let kept = random.between(0, self.pending.len() as u64 + 1) as usize;
        for (index, change) in self.pending.iter().enumerate() {
            match leaves {
                Leaves::Nothing => break,
                Leaves::All => change.apply(&mut content),
                Leaves::Some if random.between(0, 2) == 0 => change.apply(&mut content),
                Leaves::Some => {}
                Leaves::Torn if index < kept => change.apply(&mut content),
                Leaves::Torn => {
                    change.torn(random).apply(&mut content);
                    break;
                }
            }
        }
        content
    }
}

impl Change {
    fn torn(&self, random: &mut Random) -> Self {
        match self {
            Self::Truncate(length) => Self::Truncate(*length),
            Self::Write(place, bytes) => {
                let sectors = bytes.len().div_ceil(512) as u64;
                let length = (random.between(0, sectors + 1) as usize * 512).min(bytes.len());
                Self::Write(*place, bytes[..length].to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = r#"7 1.000001 pwrite64(3</d/\x2f\x64\x2f\x61>, "\x41\x42", 2, 4096) = 2
7 2.000000 fsync(3<\x2f\x64\x2f\x61> <unfinished ...>
8 2.500000 write(3<\x2f\x64\x2f\x61>, "\x43", 1) = 1
7 3.000000 <... fsync resumed>) = 0
7 4.000000 unlink("\x2f\x64\x2f\x62") = 0
7 5.000000 fdatasync(4<\x73\x6f\x63\x6b>) = 0"#;

    #[test]
    fn a_trace_is_read() {
        let ops = read(TRACE, Path::new("/d"));
        let deeds: Vec<_> = ops.into_iter().map(|op| op.deed).collect();
        let a = || PathBuf::from("/d/a");
        let expected = vec![
            Deed::Write(a(), Some(4096), b"AB".to_vec()),
            Deed::SyncBegins(a(), 7),
            Deed::Write(a(), None, b"C".to_vec()),
            Deed::SyncEnds(7),
            Deed::Unlink(PathBuf::from("/d/b")),
        ];
        assert_eq!(deeds, expected);
    }

    #[test]
    fn what_was_written_after_a_sync_began_is_not_safe() {
        let mut disk = Disk::default();
        for op in read(TRACE, Path::new("/d")) {
            disk.apply(&op.deed);
        }
        let file = &disk.files[Path::new("/d/a")];
        assert_eq!((file.safe.len(), file.pending.len()), (4098, 1));
    }
}
