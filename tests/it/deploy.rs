//! The image, the compose file and the proxy's file: what they say of the program, and of each other, is true.
//!
//! No engine is asked for. What their own programs find wrong with them is `./check`'s to say, where those are installed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use callwright::config::Config;

use crate::app::{Reply, Settings};

/// What stands in for what people fill in: as long as a secret has to be.
const STAND_IN: &str = "sixteen-letters-or-more";

/// Where the sources lie.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("it is part of the project")
}

fn manifest() -> toml::Table {
    text("Cargo.toml").parse().expect("cargo reads it as well")
}

/// The lines of a Dockerfile that are `instruction`, without that word.
fn instructions(instruction: &str) -> Vec<String> {
    let dockerfile = text("Dockerfile").replace("\\\n", " ");
    let lines = dockerfile.lines();
    let begins = format!("{instruction} ");
    lines
        .filter_map(|line| line.strip_prefix(&begins).map(str::to_owned))
        .collect()
}

/// The lines of `path` that are no comments.
fn without_comments(path: &str) -> Vec<String> {
    let text = text(path);
    let lines = text.lines().filter(|line| !line.trim().starts_with('#'));
    lines.map(str::to_owned).collect()
}

/// Whether the image's build is given `path`, relative to the root.
fn is_given(path: &Path) -> bool {
    let ignore = text(".dockerignore");
    let given = ignore.lines().filter_map(|line| line.strip_prefix('!'));
    given.map(Path::new).any(|given| path.starts_with(given))
}

#[test]
fn the_image_is_built_by_the_rust_that_the_manifest_names() {
    let version = manifest()["package"]["rust-version"].clone();
    let version = version.as_str().expect("a version is text");
    let begins = format!("rust:{version}-slim-");
    assert!(instructions("FROM")[0].starts_with(&begins), "{begins}");
}

/// A target that is found by its name alone keeps cargo from reading the manifest where its file is not given.
#[test]
fn the_build_is_given_all_that_it_reads() {
    let manifest = manifest();
    for kind in ["bench", "test", "bin", "example"] {
        let targets = manifest.get(kind).and_then(toml::Value::as_array);
        for target in targets.into_iter().flatten() {
            assert!(target.get("path").is_some(), "[[{kind}]] {target}: no path");
        }
    }
    for file in [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        "migrations",
        "flows",
    ] {
        assert!(is_given(Path::new(file)), ".dockerignore keeps out {file}");
    }
    for (file, read) in read_while_compiling(&root().join("src")) {
        assert!(is_given(&read), "{file:?} includes {read:?}");
    }
}

/// What the sources under `folder` include by `include_str!("…")`, each beside the file that does, relative to the root.
fn read_while_compiling(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("it can be listed").flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(read_while_compiling(&path));
            continue;
        }
        let source = fs::read_to_string(&path).expect("sources are text");
        let included = source.split("include_str!(\"").skip(1);
        for name in included.filter_map(|rest| rest.split('"').next()) {
            let read = path.with_file_name(name).canonicalize();
            let read = read.expect("it compiles, so it is there");
            let relative = read.strip_prefix(root()).expect("it is ours").to_owned();
            found.push((path.clone(), relative));
        }
    }
    found
}

/// What is published is built without Node: the page is in it as it is built.
#[test]
fn the_package_has_the_page() {
    let listed = std::process::Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo runs this test");
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for name in ["index.html", "phone.js", "phone.css", "icon.svg"] {
        let file = format!("web/dist/{name}");
        assert!(listed.lines().any(|line| line == file), "{file}: {listed}");
    }
}

#[test]
fn the_image_runs_as_nobody_in_particular() {
    let users = instructions("USER");
    let last = users.last().expect("it names one");
    let numbers: Vec<u32> = last.split(':').map_while(|it| it.parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "user and group as numbers: {last}");
    assert!(!numbers.contains(&0), "{last}");
}

#[test]
fn one_port_goes_all_the_way() {
    let exposed = instructions("EXPOSE").remove(0);
    let at_the_end = format!(":{exposed}");
    let listen = &settings("Dockerfile")["CALLWRIGHT_LISTEN"];
    assert!(listen.ends_with(&at_the_end), "{listen}");
    assert!(instructions("HEALTHCHECK")[0].contains(&format!("/127.0.0.1/{exposed} ")));

    let compose = without_comments("docker-compose.yml");
    let caddyfile = without_comments("deploy/Caddyfile");
    let upstreams = caddyfile.iter().find(|it| it.contains("reverse_proxy"));
    let upstreams = upstreams.expect("it is one").split_whitespace();
    for upstream in upstreams.filter(|it| it.contains(':')) {
        let (node, port) = upstream.split_once(':').expect("it was looked for");
        assert_eq!(port, exposed, "{node}");
        assert!(compose.contains(&format!("  {node}:")), "no service {node}");
    }
    let published = compose.iter().filter(|it| it.contains("\"127.0.0.1:"));
    for line in published {
        assert!(line.contains(&format!(":{exposed}\"]")), "{line}");
    }
}

/// The settings that a file shows, in comments too, filled in.
fn settings(path: &str) -> BTreeMap<String, String> {
    let text = text(path);
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        let line = line.strip_prefix("ENV ").unwrap_or(line);
        let Some((name, value)) = line.split_once(['=', ':']) else {
            continue;
        };
        if name.starts_with("CALLWRIGHT_") {
            found.insert(name.to_owned(), filled_in(name, value));
        }
    }
    found
}

fn filled_in(name: &str, value: &str) -> String {
    let value = value.trim().trim_end_matches([' ', '\\']).trim_matches('"');
    let keys = Settings::node("").env;
    if let Some((_, key)) = keys
        .into_iter()
        .find(|(it, _)| it == name && it.contains("KEYS"))
    {
        return key;
    }
    if value.starts_with('…') {
        return STAND_IN.to_owned();
    }
    match (value.split_once("${"), value.split_once('}')) {
        (Some((before, _)), Some((_, after))) => format!("{before}{STAND_IN}{after}"),
        _ => value.to_owned(),
    }
}

#[test]
fn the_settings_that_are_shown_make_a_server() {
    let image = settings("Dockerfile");
    let compose = settings("docker-compose.yml");
    assert!(compose.len() > 5, "{compose:?}");
    let together = image.into_iter().chain(compose).collect::<BTreeMap<_, _>>();
    let config = Config::load(None, together).expect("it would start");
    let compose = without_comments("docker-compose.yml");
    let grace = compose.iter().find_map(|it| {
        it.trim()
            .strip_prefix("stop_grace_period: ")?
            .strip_suffix('s')
    });
    let grace: u64 = grace.and_then(|it| it.parse().ok()).expect("seconds");
    let drain = config.http.drain_timeout_ms;
    assert!(
        drain < grace * 1000,
        "killed before its {drain} ms are over"
    );
}

#[test]
fn no_secret_is_written_down() {
    for line in without_comments("docker-compose.yml") {
        let is_secret = ["PASSWORD", "KEYS__", "SECRET", "TOKEN"];
        if is_secret.iter().any(|word| line.contains(word)) {
            assert!(line.contains(":?set it in .env}"), "{line}");
        }
    }
}

/// The proxy answers calls while no node does, with what a server says that knows of nothing else to say.
#[test]
fn the_proxy_has_the_apology() {
    let caddyfile = text("deploy/Caddyfile");
    let reply = caddyfile.split('`').nth(1).expect("it is quoted");
    assert!(Reply::read(200, reply.to_owned()).is_apology(), "{reply}");
}
