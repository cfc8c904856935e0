//! Menus of other programs, carried over: the samples of `tests/foreign`, each with the flow that comes of it and what was told; and what is no menu.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use callwright::flow::check::check;
use callwright::flow::diagnostic::{Severity, Source};
use callwright::flow::file::laid_out;
use callwright::foreign::{Carried, LARGEST, NoMenu, Wanted, carry};
use proptest::prelude::*;
use serde_json::Value;

const WANTED: Wanted<'_> = Wanted {
    id: "carried",
    answers: None,
};

/// The samples, each with its path.
fn samples() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let files = fs::read_dir(folder).expect("it can be listed");
    let mut paths: Vec<_> = files
        .map(|file| file.expect("it can be listed").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|it| it == "xml" || it == "json")
        })
        .collect();
    paths.sort();
    assert_eq!(paths.len(), 6);
    let text = |path: &PathBuf| fs::read_to_string(path).expect("it can be read");
    paths
        .iter()
        .map(|path| (path.clone(), text(path)))
        .collect()
}

fn carried(text: &str) -> Carried {
    carry(text, WANTED).expect("it is a menu")
}

/// What was told, a line each.
fn told(carried: &Carried) -> String {
    let line = |left: &callwright::foreign::Left| {
        let lines: Vec<_> = left.lines.iter().map(ToString::to_string).collect();
        let mark = if left.harmless { "(harmless) " } else { "" };
        let instead = match left.instead.as_str() {
            "" => String::new(),
            instead => format!(" -> {instead}"),
        };
        format!(
            "{mark}{}: {}: {}{instead}\n",
            lines.join(", "),
            left.what,
            left.why
        )
    };
    carried.left.iter().map(line).collect()
}

#[test]
fn the_samples_are_carried_over_as_written() {
    let accept = std::env::var_os("ACCEPT_IMPORTED").is_some();
    for (path, text) in samples() {
        let carried = carried(&text);
        for (ending, now) in [
            ("flow.toml", carried.flow.clone()),
            ("told.txt", told(&carried)),
        ] {
            let golden = path.with_extension(ending);
            if accept {
                fs::write(&golden, &now).expect("it can be written");
            }
            let golden_text = fs::read_to_string(&golden).expect("it can be read");
            assert_eq!(now, golden_text, "{}", golden.display());
        }
    }
}

#[test]
fn what_is_written_is_laid_out_and_every_error_of_it_was_told() {
    for (path, text) in samples() {
        let carried = carried(&text);
        assert_eq!(
            laid_out(&carried.flow).as_deref(),
            Ok(carried.flow.as_str()),
            "{}",
            path.display()
        );
        let source = Source {
            path: "carried.toml".to_owned(),
            text: carried.flow.clone(),
        };
        let faults = check(&[source]).diagnostics;
        for fault in faults
            .iter()
            .filter(|fault| fault.severity == Severity::Error)
        {
            let at = &carried.flow[fault.place().1..];
            let is_told = match at.starts_with("\"+\"") {
                true => told(&carried).contains("fill it in under [numbers]"),
                false => carried
                    .left
                    .iter()
                    .any(|left| left.why.starts_with(&fault.message)),
            };
            assert!(is_told, "{}: {fault:#?}", path.display());
        }
    }
}

/// Every attribute, text, comment and instruction of an XML file.
fn xml_leaves(text: &str) -> usize {
    let document = roxmltree::Document::parse(text).expect("it is XML");
    document
        .descendants()
        .map(|node| {
            let text = node.text().unwrap_or_default();
            if node.is_element() {
                let empty = node.attributes().len() == 0
                    && !node.children().any(|child| {
                        !child.is_text() || child.text().is_some_and(|it| !it.trim().is_empty())
                    });
                node.attributes().len() + usize::from(empty)
            } else {
                usize::from(
                    node.is_comment() || node.is_pi() || node.is_text() && !text.trim().is_empty(),
                )
            }
        })
        .sum()
}

/// Every value of a JSON file; an empty object and an empty list are one.
fn json_leaves(value: &Value) -> usize {
    match value {
        Value::Object(members) if !members.is_empty() => members.values().map(json_leaves).sum(),
        Value::Array(items) if !items.is_empty() => items.iter().map(json_leaves).sum(),
        _ => 1,
    }
}

#[test]
fn every_attribute_and_value_is_in_the_flow_or_told() {
    for (path, text) in samples() {
        let carried = carried(&text);
        let leaves = match serde_json::from_str::<Value>(&text) {
            Ok(value) => json_leaves(&value),
            Err(_) => xml_leaves(&text),
        };
        let told: usize = carried.left.iter().map(|left| left.leaves).sum();
        assert_eq!(carried.leaves, leaves, "{}", path.display());
        assert_eq!(carried.taken + told, leaves, "{}", path.display());
        let lines = text.lines().count();
        let real = |left: &callwright::foreign::Left| {
            left.lines.iter().all(|line| (1..=lines).contains(line))
        };
        assert!(carried.left.iter().all(real), "{}", path.display());
    }
}

#[test]
fn whatever_is_changed_changes_the_flow_or_what_is_told() {
    let mut mute = Vec::new();
    for (path, text) in samples() {
        let before = carry(&text, WANTED);
        for (what, changed) in changes(&text) {
            if carry(&changed, WANTED) == before {
                mute.push(format!("{}: {what}", path.display()));
            }
        }
    }
    assert!(
        mute.is_empty(),
        "these change nothing:\n{}",
        mute.join("\n")
    );
}

/// What is told by its name alone, or repeats what stands beside it.
const SILENT: [&str; 8] = [
    "/offset/",
    "/arguments/",
    "friendly_name",
    "/flags/",
    "number_of_digits",
    "profanity_filter",
    "gather_language",
    "speech_timeout",
];

/// Whether it is the name of an event that leads nowhere: the call ends then, there as here.
fn leads_nowhere(value: &Value, at: &str) -> bool {
    let transition = at.strip_suffix("/event").and_then(|at| value.pointer(at));
    transition.is_some_and(|it| it.get("next").is_none())
}

/// A sample with one value changed, for each of its values; those that say nothing by themselves are left out.
fn changes(text: &str) -> Vec<(String, String)> {
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        let mut pointers = Vec::new();
        pointers_of(&value, String::new(), &mut pointers);
        return pointers
            .into_iter()
            .filter(|at| !SILENT.iter().any(|it| at.contains(it)) && !leads_nowhere(&value, at))
            .filter_map(|at| {
                let old = value.pointer(&at)?.as_str()?.to_owned();
                let quoted = Value::String(old.clone()).to_string();
                // In the text, so that lines stay: the value itself, at its own place.
                let place = place_of(text, &at)?;
                let new = Value::String(format!("{old}9")).to_string();
                let changed = format!("{}{new}{}", &text[..place], &text[place + quoted.len()..]);
                Some((at, changed))
            })
            .collect();
    }
    let document = roxmltree::Document::parse(text).expect("it is XML");
    let elements = document.descendants().filter(roxmltree::Node::is_element);
    elements
        .flat_map(|element| element.attributes())
        // A PIN is told of, and not repeated.
        .filter(|attribute| attribute.name() != "pin")
        .map(|attribute| {
            let range = attribute.range_value();
            let changed = format!("{}9{}", &text[..range.end], &text[range.end..]);
            (
                format!("{} {:?}", attribute.name(), attribute.value()),
                changed,
            )
        })
        .collect()
}

fn pointers_of(value: &Value, at: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(name, value)| pointers_of(value, format!("{at}/{name}"), pointers)),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .for_each(|(nth, value)| pointers_of(value, format!("{at}/{nth}"), pointers)),
        Value::String(_) => pointers.push(at),
        _ => {}
    }
}

/// Where the text at a pointer stands: the nth of all strings, in the order of the file.
fn place_of(text: &str, pointer: &str) -> Option<usize> {
    let mut at = 0;
    let mut rest: &serde_json::value::RawValue = serde_json::from_str(text).ok()?;
    for part in pointer.split('/').skip(1) {
        let next: &serde_json::value::RawValue = match part.parse::<usize>() {
            Ok(nth) => {
                let items: Vec<&serde_json::value::RawValue> =
                    serde_json::from_str(rest.get()).ok()?;
                items.get(nth).copied()?
            }
            Err(_) => {
                let members: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
                    serde_json::from_str(rest.get()).ok()?;
                members.get(part).copied()?
            }
        };
        at += next.get().as_ptr() as usize - rest.get().as_ptr() as usize;
        rest = next;
    }
    Some(at + (text.len() - text.trim_start().len()))
}

#[test]
fn a_pin_is_not_repeated() {
    let (_, clinic) = samples()
        .into_iter()
        .find(|(path, _)| path.ends_with("clinic.xml"))
        .expect("it is there");
    let carried = carried(&clinic);
    assert!(clinic.contains("4711"));
    assert!(!told(&carried).contains("4711") && !carried.flow.contains("4711"));
    assert!(told(&carried).contains("pin of menu \"prescriptions\""));
}

#[test]
fn what_is_no_menu_is_refused() {
    let bomb = r#"<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><menu name="&b;"/>"#;
    for (text, why) in [
        (
            "hello".to_owned(),
            "it is neither FreeSWITCH's XML nor Twilio Studio's JSON",
        ),
        (
            String::new(),
            "it is neither FreeSWITCH's XML nor Twilio Studio's JSON",
        ),
        ("<a/>".to_owned(), "this XML holds no <menu>"),
        ("{}".to_owned(), "this JSON has no state that begins it"),
        ("<a>".to_owned(), "it cannot be read"),
        ("{".to_owned(), "it cannot be read"),
        (bomb.to_owned(), "it cannot be read"),
        ("<a>".repeat(50_000), "it is nested more than 64 deep"),
        ("{\"a\":".repeat(50_000), "it cannot be read"),
        (
            format!("{{\"a\":{}1{}}}", "[".repeat(5_000), "]".repeat(5_000)),
            "it is nested more than 64 deep",
        ),
        (
            format!("<menu>{}</menu>", " ".repeat(LARGEST)),
            "it is larger than 1 MB",
        ),
        (
            format!("<menu>{}</menu>", "<a/>".repeat(120_000)),
            "it cannot be read",
        ),
    ] {
        let refused = carry(&text, WANTED).expect_err(why).to_string();
        assert!(
            refused.starts_with(why),
            "{refused}: {}",
            &text[..text.len().min(60)]
        );
    }
    assert_eq!(carry("x", WANTED), Err(NoMenu::Strange));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_menu_is_carried_over_or_refused(
        which in 0_usize..6,
        cut in any::<prop::sample::Index>(),
        swaps in prop::collection::vec((any::<prop::sample::Index>(), any::<char>()), 0..6),
        ends in any::<bool>(),
    ) {
        let (_, text) = samples().swap_remove(which);
        let mut chars: Vec<char> = text.chars().collect();
        for (at, with) in swaps {
            let at = at.index(chars.len());
            chars[at] = with;
        }
        if ends {
            chars.truncate(cut.index(chars.len()));
        }
        let text: String = chars.into_iter().collect();
        if let Ok(carried) = carry(&text, WANTED) {
            let told: usize = carried.left.iter().map(|left| left.leaves).sum();
            prop_assert_eq!(carried.taken + told, carried.leaves);
            prop_assert!(laid_out(&carried.flow).is_ok(), "{}", carried.flow);
        }
    }
}

#[test]
fn a_menu_is_carried_over_as_it_is_typed() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let typed = |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .expect("the test build's own program starts");
        let said = String::from_utf8_lossy(&done.stdout).into_owned()
            + &String::from_utf8_lossy(&done.stderr);
        (done.status.code(), said)
    };
    let sample = |name: &str| format!("{}/tests/foreign/{name}", env!("CARGO_MANIFEST_DIR"));
    let (shop, demo) = (sample("shop.xml"), sample("ivr_demo.xml"));
    let (code, said) = typed(&[
        "import",
        &shop,
        "--out",
        "flows/shop.toml",
        "--answers",
        "+6561115779",
    ]);
    assert_eq!(code, Some(0), "{said}");
    for words in [
        "shop.xml:14: ",
        "write instead: ",
        "attributes and values are in the flow",
        "next: callwright check flows/shop.toml",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let (code, said) = typed(&["check", "flows/shop.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = typed(&["fmt", "--check", "flows/shop.toml"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = typed(&["import", &shop, "--out", "flows/shop.toml"]);
    assert!(
        code == Some(1) && said.contains("cannot be written"),
        "{said}"
    );
    let (code, said) = typed(&["import", &demo]);
    assert!(
        code == Some(1)
            && said.contains("fill it in under [numbers]")
            && said.contains("[menu.demo_ivr]"),
        "{said}"
    );
    let (code, said) = typed(&["import", &sample("restaurant.told.txt")]);
    assert!(
        code == Some(1) && said.contains("it is neither FreeSWITCH's XML"),
        "{said}"
    );
}
