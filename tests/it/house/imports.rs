//! Imports run one way (see `src/lib.rs`), and the core names nothing that does something.

use super::rust_text::{Named, code, line_of, named_below, named_by_super, shipped};
use super::{File, files, no_faults};

/// May be used by all but the core.
const LEAVES: [&str; 7] = [
    "clock",
    "config",
    "failpoint",
    "telemetry",
    "flows_folder",
    "outward",
    "watch",
];

/// Neither time, nor chance, nor the world outside.
const CORE: [&str; 8] = [
    "text",
    "call",
    "outbound",
    "contact_center",
    "flow",
    "masking",
    "session",
    "events",
];

/// The rooms from the ground up: each with those it may import. `main` and `lib` stand outside.
const RULE: [(&str, &[&str]); 33] = [
    ("text", &[]),
    ("call", &["text"]),
    ("outbound", &["text", "call"]),
    ("contact_center", &["text", "call", "outbound"]),
    ("flow", &["text", "call", "outbound", "contact_center"]),
    ("masking", &["text", "call", "outbound", "flow"]),
    (
        "session",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "masking",
        ],
    ),
    ("events", &["call"]),
    ("clock", &[]),
    (
        "config",
        &[
            "text", "call", "outbound", "flow", "masking", "events", "outward",
        ],
    ),
    ("failpoint", &[]),
    ("telemetry", &["text", "call", "config", "clock"]),
    ("flows_folder", &["call", "flow"]),
    ("outward", &[]),
    ("watch", &[]),
    (
        "platform",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "session",
        ],
    ),
    (
        "store",
        &[
            "call",
            "outbound",
            "contact_center",
            "flow",
            "masking",
            "session",
            "events",
        ],
    ),
    ("foreign", &["text", "call", "flow"]),
    ("shelf", &["call", "flow", "store"]),
    (
        "bookings",
        &[
            "call", "outbound", "flow", "masking", "events", "platform", "store", "shelf",
        ],
    ),
    (
        "switchboard",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "session",
            "platform",
            "store",
            "masking",
            "bookings",
            "shelf",
        ],
    ),
    (
        "dialer",
        &[
            "text",
            "call",
            "outbound",
            "flow",
            "session",
            "platform",
            "store",
            "bookings",
            "shelf",
            "switchboard",
        ],
    ),
    ("handover", &["call", "contact_center", "platform", "store"]),
    ("messenger", &["events", "store"]),
    ("eraser", &["call", "store"]),
    (
        "world",
        &["contact_center", "flow", "switchboard", "handover"],
    ),
    (
        "http",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "session",
            "events",
            "messenger",
            "eraser",
            "platform",
            "store",
            "masking",
            "bookings",
            "shelf",
            "switchboard",
            "dialer",
            "handover",
        ],
    ),
    ("emulator", &["call", "contact_center", "platform"]),
    (
        "phone",
        &[
            "call",
            "outbound",
            "flow",
            "masking",
            "session",
            "platform",
            "store",
            "shelf",
            "bookings",
            "http",
            "emulator",
            "rehearsal",
        ],
    ),
    (
        "rehearsal",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "masking",
            "session",
            "events",
            "platform",
            "store",
            "shelf",
            "bookings",
            "switchboard",
            "http",
            "emulator",
        ],
    ),
    ("lsp", &["flow", "rehearsal"]),
    (
        "server",
        &[
            "call",
            "messenger",
            "outbound",
            "contact_center",
            "flow",
            "session",
            "platform",
            "store",
            "masking",
            "bookings",
            "shelf",
            "switchboard",
            "world",
            "dialer",
            "handover",
            "http",
            "emulator",
            "phone",
        ],
    ),
    (
        "cli",
        &[
            "text",
            "call",
            "outbound",
            "contact_center",
            "flow",
            "session",
            "platform",
            "store",
            "masking",
            "bookings",
            "shelf",
            "switchboard",
            "dialer",
            "handover",
            "http",
            "emulator",
            "phone",
            "rehearsal",
            "lsp",
            "foreign",
            "server",
        ],
    ),
];

#[test]
fn imports_run_one_way() {
    let mut faults = Vec::new();
    for file in files("src", "rs") {
        let Some(room) = room(&file.path) else {
            continue;
        };
        let code = code(&file.text);
        let named = named_below(&code, "crate").into_iter();
        for Named { line, name } in named.chain(named_by_super(&code, depth(&file.path))) {
            if let Err(rule) = may_import(room, &name) {
                faults.push(format!(
                    "{}:{line}: names crate::{name}, but {rule}",
                    file.path
                ));
            }
        }
    }
    no_faults(&faults);
}

#[test]
fn every_room_has_a_row_in_the_rule() {
    let mut rooms: Vec<String> = files("src", "rs")
        .iter()
        .filter_map(|file| room(&file.path).map(str::to_owned))
        .collect();
    rooms.dedup();
    let unruled: Vec<_> = rooms.iter().filter(|room| row(room).is_none()).collect();
    assert!(
        unruled.is_empty(),
        "give these a row in RULE and in src/lib.rs: {unruled:?}"
    );
}

#[test]
fn the_core_names_no_effects() {
    let mut faults = Vec::new();
    for file in core_files() {
        let code = code(&file.text);
        for (line, what) in effects(shipped(&code)) {
            faults.push(format!(
                "{}:{line}: the core names {what}; effects are handed in or given out",
                file.path
            ));
        }
    }
    no_faults(&faults);
}

#[test]
fn the_clock_enters_in_one_place() {
    let mut faults = Vec::new();
    for file in files("src", "rs") {
        let code = code(&file.text);
        let code = shipped(&code);
        for call in ["Timestamp::now", "Zoned::now", "SystemTime::now"] {
            for (at, _) in code
                .match_indices(call)
                .filter(|_| file.path != "src/clock.rs")
            {
                faults.push(format!(
                    "{}:{}: {call} is src/clock.rs's alone; take a Clock",
                    file.path,
                    line_of(code, at)
                ));
            }
        }
    }
    no_faults(&faults);
}

/// The module at the crate's root that a file belongs to.
fn room(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let first = inside.split('/').next()?;
    let room = first.strip_suffix(".rs").unwrap_or(first);
    (!matches!(room, "main" | "lib")).then_some(room)
}

/// How many modules deep a file's own module lies: 1 for `src/config.rs`, `src/call/mod.rs`; 2 for `src/call/id.rs`.
fn depth(path: &str) -> usize {
    path.matches('/').count() - usize::from(path.ends_with("/mod.rs"))
}

fn row(room: &str) -> Option<&'static [&'static str]> {
    RULE.iter()
        .find(|(name, _)| *name == room)
        .map(|(_, row)| *row)
}

fn may_import(room: &str, other: &str) -> Result<(), String> {
    let is_room = RULE.iter().any(|(name, _)| *name == other);
    let allowed = row(room).unwrap_or_default();
    let leaf_for_all = LEAVES.contains(&other) && !CORE.contains(&room) && !LEAVES.contains(&room);
    if room == other || !is_room || allowed.contains(&other) || leaf_for_all {
        return Ok(());
    }
    let leaves = if CORE.contains(&room) || LEAVES.contains(&room) {
        ""
    } else {
        ", and the leaves"
    };
    let allowed = if allowed.is_empty() {
        "nothing".to_owned()
    } else {
        allowed.join(", ")
    };
    Err(format!("`{room}` may import {allowed}{leaves}"))
}

fn core_files() -> Vec<File> {
    let mut files = files("src", "rs");
    files.retain(|file| {
        room(&file.path).is_some_and(|room| CORE.contains(&room))
            && !file.path.ends_with("/tests.rs")
    });
    assert!(!files.is_empty(), "the core has moved away");
    files
}

/// What a stretch of code names that acts on the world, with the lines.
fn effects(code: &str) -> Vec<(usize, String)> {
    const CRATES: [&str; 10] = [
        "tokio",
        "axum",
        "sqlx",
        "hyper",
        "reqwest",
        "figment",
        "tower",
        "tower_http",
        "rand",
        "metrics",
    ];
    const OF_STD: [&str; 6] = ["env", "fs", "net", "process", "thread", "time"];
    const CALLS: [&str; 8] = [
        "Timestamp::now",
        "Zoned::now",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "println!",
        "print!",
        "eprintln!",
        "eprint!",
    ];
    let mut found = Vec::new();
    for name in CRATES {
        found.extend(
            named_below(code, name)
                .first()
                .map(|first| (first.line, name.to_owned())),
        );
    }
    for named in named_below(code, "std") {
        if OF_STD.contains(&named.name.as_str()) {
            found.push((named.line, format!("std::{}", named.name)));
        }
    }
    for call in CALLS {
        found.extend(
            code.match_indices(call)
                .map(|(at, _)| (line_of(code, at), call.to_owned())),
        );
    }
    found
}

#[test]
fn the_rule_itself_is_sharp() {
    assert!(may_import("flow", "call").is_ok());
    assert!(may_import("http", "config").is_ok());
    for (room, other) in [
        ("call", "flow"),
        ("flow", "config"),
        ("platform", "store"),
        ("store", "platform"),
        ("http", "server"),
        ("clock", "config"),
    ] {
        assert!(may_import(room, other).is_err(), "{room} imports {other}");
    }
    assert_eq!(
        effects("use std::{fmt, time::Instant};\ntokio::spawn(x);"),
        [(2, "tokio".to_owned()), (1, "std::time".to_owned())]
    );
    assert_eq!(effects("use crate::call::time;\nlet my_tokio = 1;"), []);
    assert_eq!(
        (
            depth("src/config.rs"),
            depth("src/call/mod.rs"),
            depth("src/call/id.rs")
        ),
        (1, 1, 2)
    );
}
