//! Finds the layers (the defaults, a file, the environment) and makes one configuration of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use figment::value::{Dict, Value};
use secrecy::SecretString;

use super::fault::{ConfigFaults, Fault, Place};
use super::layer::Layer;
use super::reader::{Reader, Setting};
use super::{Config, DEFAULT_FILE, keys, values};

/// The file in the working directory that is read when no other is named.
pub(super) const USUAL_FILE: &str = "callwright.toml";

/// The largest file that is read, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;

/// The keys whose values are secrets.
const SECRETS: [&str; 9] = [
    "api_key",
    "webhook_secret",
    "token",
    "data",
    "index",
    "action_token",
    "data_token",
    "secret",
    "old_secret",
];

/// Reads `file`, or `usual` where there is one, between the defaults and `variables`.
pub(super) fn load(
    file: Option<&Path>,
    usual: &Path,
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, Vec<Setting>), ConfigFaults> {
    let (built_in, mut grammar) =
        Layer::of_toml("the defaults", DEFAULT_FILE, |_, _| Place::BuiltIn);
    let mut layers = vec![built_in];
    let mut faults = Vec::new();
    match file
        .or_else(|| usual.exists().then_some(usual))
        .map(read_file)
    {
        Some(Ok(read)) => {
            layers.push(read.layer);
            grammar.extend(read.grammar);
            faults.extend(read.mode);
        }
        Some(Err(fault)) => grammar.push(*fault),
        None => {}
    }
    let variables: Vec<_> = variables.into_iter().collect();
    let secrets = secrets(&variables);
    let (environment, wrong) = Layer::of_environment(variables);
    layers.push(environment);
    faults.extend(wrong);
    let (mut config, settings) = understand(&layers, grammar, faults)?;
    config.secrets = Arc::new(secrets);
    Ok((config, settings))
}

/// What flows may name as `{secret.NAME}`: all of the environment that is not our own configuration.
fn secrets(variables: &[(String, String)]) -> BTreeMap<String, SecretString> {
    let theirs = variables
        .iter()
        .filter(|(name, _)| !name.starts_with("CALLWRIGHT_"));
    theirs
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect()
}

/// Makes a configuration of the layers. `grammar` are the faults of the file as such: what it seems to lack may stand
/// where it could not be read, and what stands on a faulty line is told once.
fn understand(
    layers: &[Layer],
    grammar: Vec<Fault>,
    mut faults: Vec<Fault>,
) -> Result<(Config, Vec<Setting>), ConfigFaults> {
    let (mut reader, root) = Reader::new(layers);
    let config = keys::config(&mut reader, root);
    let (wrong, settings) = reader.finish();
    let told = |fault: &Fault| {
        grammar
            .iter()
            .any(|other| same_line(&other.place, &fault.place))
    };
    faults.extend(
        wrong
            .into_iter()
            .filter(|fault| grammar.is_empty() || !(fault.missing || told(fault))),
    );
    faults.extend(grammar);
    match config {
        Some(config) if faults.is_empty() => Ok((config, settings)),
        _ => Err(ConfigFaults::new(faults)),
    }
}

fn same_line(one: &Place, other: &Place) -> bool {
    match (one, other) {
        (Place::At { line: one, .. }, Place::At { line: other, .. }) => one == other,
        _ => false,
    }
}

/// A file as it was read.
struct FileRead {
    layer: Layer,
    /// What is not TOML in it.
    grammar: Vec<Fault>,
    /// That it shows its secrets to others.
    mode: Option<Fault>,
}

/// Reads a file, or says why it cannot be read at all.
fn read_file(path: &Path) -> Result<FileRead, Box<Fault>> {
    let name = path.display().to_string();
    let whole = |message: String, help: Option<String>| Fault {
        place: Place::File(name.clone()),
        message,
        help,
        missing: false,
    };
    let (bytes, mode) = bytes_and_mode(path).map_err(|error| whole(reason(&error), None))?;
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let good = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..good]
                .iter()
                .filter(|b| **b == b'\n')
                .count()
                + 1;
            return Err(Box::new(whole(format!("line {line} is not UTF-8"), None)));
        }
    };
    let (layer, grammar) = Layer::of_toml(&name, &text, |line, column| Place::At {
        file: name.clone(),
        line,
        column,
    });
    let open = mode & 0o077 != 0 && holds_secret(layer.values());
    let mode = open.then(|| {
        whole(
            format!(
                "holds secrets, and others than its owner may read or write it (mode {mode:04o})"
            ),
            Some(format!("chmod 600 {}", quoted(&name))),
        )
    });
    Ok(FileRead {
        layer,
        grammar,
        mode,
    })
}

/// The bytes of a file, and the permissions of this very file (0 where there are none such).
fn bytes_and_mode(path: &Path) -> io::Result<(Vec<u8>, u32)> {
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_FILE + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > LARGEST_FILE {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok((bytes, mode_of(&metadata))),
    }
}

#[cfg(unix)]
fn mode_of(metadata: &std::fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o7777
}

#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata) -> u32 {
    0
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => {
            "this file may not be read by the user that runs Callwright".to_owned()
        }
        io::ErrorKind::IsADirectory => "this is a folder, not a file".to_owned(),
        io::ErrorKind::FileTooLarge => {
            "this file is larger than 1 MiB: it is no configuration".to_owned()
        }
        _ => format!("this file cannot be read: {error}"),
    }
}

fn holds_secret(values: &Dict) -> bool {
    values.iter().any(|(key, value)| match value {
        Value::Dict(_, inner) => holds_secret(inner),
        Value::String(_, url) if key == "database_url" => values::shown_url(url) != *url,
        _ => SECRETS.contains(&key.as_str()),
    })
}

/// A path as a shell takes it.
fn quoted(path: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/._-".contains(&b);
    match path.bytes().all(plain) {
        true => path.to_owned(),
        false => format!("'{}'", path.replace('\'', r"'\''")),
    }
}
