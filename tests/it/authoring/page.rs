//! The page that takes a newcomer to a tested menu: every command that it prints is typed, every file that it prints is saved.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::Desk;

/// A block of the page.
enum Block {
    /// Commands, one a line.
    Typed(String),
    /// A file, by the name in its first line.
    Saved(String, String),
}

fn blocks(page: &str) -> Vec<Block> {
    let block = |part: &str| {
        let (language, text) = part.split_once('\n')?;
        match language {
            "sh" => Some(Block::Typed(text.to_owned())),
            "toml" => {
                let name = text.lines().next()?.strip_prefix("# ")?;
                Some(Block::Saved(name.to_owned(), text.to_owned() + "\n"))
            }
            _ => None,
        }
    };
    page.split("\n```").filter_map(block).collect()
}

/// Types a command in `desk`'s folder, where `callwright` is on the path.
fn type_in(desk: &Desk, command: &str) {
    let program = Path::new(env!("CARGO_BIN_EXE_callwright"));
    let folder = program.parent().expect("a program lies in a folder");
    let others = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("sh")
        .args(["-c", command])
        .current_dir(desk.path())
        .env("PATH", format!("{}:{others}", folder.display()))
        .output()
        .expect("there is a shell");
    let expected = i32::from(command.contains("# ends with 1"));
    let said =
        String::from_utf8_lossy(&done.stdout).into_owned() + &String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(expected), "{command}: {said}");
}

#[test]
fn a_newcomer_gets_from_nothing_to_a_tested_menu() {
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/first-menu.md"));
    let desk = Desk::new();
    let (mut typed, mut saved) = (0, 0);
    for block in blocks(&page.expect("the page is there")) {
        match block {
            Block::Saved(name, text) => {
                desk.write(&name, &text);
                saved += 1;
            }
            Block::Typed(commands) => {
                for command in commands.lines() {
                    type_in(&desk, command);
                    typed += 1;
                }
            }
        }
    }
    assert_eq!((typed, saved), (8, 2), "the page tells otherwise");
    assert!(desk.path().join("pizza.svg").exists());
}
