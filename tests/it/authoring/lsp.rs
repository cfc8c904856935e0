//! `callwright lsp`, spoken to over its standard input and output as an editor does.

use std::io::{BufRead, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::Desk;

const FLOW: &str = "callwright = 1\n[flow]\nid = \"a\"\nstart = \"main\"\nanswers = [\"+6561115777\"]\n\
    [menu.main]\nsay = \"按😀 Press 1 for our hours, 2 to leave.\"\npress.1 = \"hours\"\npress.2 = \"end\"\ngive_up = \"end\"\ntries = 1\n[end.hours]\nsay = \"All day.\"\n";

/// An editor with a server of its own.
struct Editor {
    server: Child,
    said: BufReader<ChildStdout>,
    asked: u64,
}

impl Editor {
    fn begin() -> Self {
        let mut server = Command::new(env!("CARGO_BIN_EXE_callwright"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the test build's own program starts");
        let said = BufReader::new(server.stdout.take().expect("it is piped"));
        let mut editor = Self {
            server,
            said,
            asked: 0,
        };
        let abilities = editor.ask(
            "initialize",
            json!({"processId": null, "capabilities": {}, "rootUri": null}),
        );
        assert_eq!(
            abilities["result"]["capabilities"]["definitionProvider"],
            true
        );
        editor.tell("initialized", json!({}));
        editor
    }

    fn write(&mut self, message: &Value) {
        let body = message.to_string();
        let input = self.server.stdin.as_mut().expect("it is open");
        write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("the server reads");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.write(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    /// Asks, and waits for the answer.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.write(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let answer = self.read();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    fn read(&mut self) -> Value {
        let mut header = String::new();
        self.said.read_line(&mut header).expect("the server speaks");
        let length = header.trim().strip_prefix("Content-Length: ");
        let length = length.and_then(|it| it.parse().ok()).expect("a length");
        self.said
            .read_line(&mut String::new())
            .expect("an empty line");
        let mut body = vec![0; length];
        self.said.read_exact(&mut body).expect("a body");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// What is published next: the file's name, and of each diagnostic its code and where it begins.
    fn told(&mut self) -> (String, Vec<(String, u64, u64)>) {
        let news = self.read();
        assert_eq!(news["method"], "textDocument/publishDiagnostics", "{news}");
        let uri = news["params"]["uri"].as_str().expect("a uri");
        let name = uri.rsplit('/').next().unwrap_or_default().to_owned();
        let faults = news["params"]["diagnostics"].as_array().expect("a list");
        let place = |fault: &Value| {
            let start = &fault["range"]["start"];
            let number = |key: &str| start[key].as_u64().expect("a number");
            let code = fault["code"].as_str().expect("a code");
            (code.to_owned(), number("line"), number("character"))
        };
        (name, faults.iter().map(place).collect())
    }

    fn opens(&mut self, path: &Path, text: &str) {
        let document = json!({"uri": uri(path), "languageId": "toml", "version": 1, "text": text});
        self.tell("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn types(&mut self, path: &Path, text: &str) {
        let document = json!({"uri": uri(path), "version": 2});
        let changes = json!([{"text": text}]);
        self.tell(
            "textDocument/didChange",
            json!({"textDocument": document, "contentChanges": changes}),
        );
    }

    fn asks_at(&mut self, what: &str, path: &Path, line: u64, character: u64) -> Value {
        let position = json!({"line": line, "character": character});
        let params = json!({"textDocument": {"uri": uri(path)}, "position": position});
        self.ask(&format!("textDocument/{what}"), params)["result"].take()
    }

    /// Takes its leave; gives the server's exit code.
    fn leaves(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null)["result"], Value::Null);
        self.tell("exit", Value::Null);
        self.server.wait().expect("it ends").code()
    }
}

fn uri(path: &Path) -> String {
    format!("file://{}", path.display())
}

#[test]
fn faults_are_told_while_somebody_types() {
    let desk = Desk::new();
    let path = desk.path().join("a.toml");
    let mut editor = Editor::begin();
    editor.opens(&path, FLOW);
    assert_eq!(editor.told(), ("a.toml".to_owned(), vec![]));
    // The text as it is typed counts, not the file, which is not even there.
    editor.types(
        &path,
        &FLOW.replace("press.1 = \"hours\"", "press.1 = \"hour\""),
    );
    let (_, faults) = editor.told();
    assert_eq!(faults, [("CW101".to_owned(), 7, 10)]);
    editor.types(&path, &FLOW.replace("Press 1", "Press 3"));
    let (_, faults) = editor.told();
    // Columns are in units of UTF-16: the emoji has two.
    assert!(faults.contains(&("CW301".to_owned(), 6, 11)), "{faults:?}");
    editor.types(&path, FLOW);
    assert_eq!(editor.told(), ("a.toml".to_owned(), vec![]));
    assert_eq!(editor.leaves(), Some(0));
}

#[test]
fn a_message_says_what_to_type_and_where_else_to_look() {
    let desk = Desk::new();
    let path = desk.path().join("a.toml");
    let mut editor = Editor::begin();
    editor.opens(
        &path,
        &FLOW.replace("press.1 = \"hours\"", "press.1 = \"hour\""),
    );
    let news = editor.read();
    let fault = &news["params"]["diagnostics"][0];
    assert_eq!(
        fault["message"],
        "no step is called \"hour\"\npressing 1 leads nowhere\nhelp: write: press.1 = \"hours\""
    );
    assert_eq!(
        (&fault["severity"], &fault["source"]),
        (&json!(1), &json!("callwright"))
    );
    let related = &fault["relatedInformation"][0];
    assert_eq!(related["message"], "did you mean this one?");
    assert_eq!(
        related["location"]["range"]["start"],
        json!({"line": 11, "character": 5})
    );
}

#[test]
fn one_goes_to_a_step_and_is_offered_their_names() {
    let desk = Desk::new();
    let path = desk.path().join("a.toml");
    let mut editor = Editor::begin();
    editor.opens(&path, FLOW);
    editor.told();
    let found = editor.asks_at("definition", &path, 7, 13);
    let start = json!({"line": 11, "character": 5});
    assert_eq!(
        (&found["range"]["start"], &found["uri"]),
        (&start, &json!(uri(&path)))
    );
    let of_start = editor.asks_at("definition", &path, 3, 10);
    assert_eq!(
        of_start["range"]["start"],
        json!({"line": 5, "character": 6})
    );
    assert_eq!(editor.asks_at("definition", &path, 6, 10), Value::Null);
    // A line that is being typed is no TOML yet.
    editor.types(&path, &FLOW.replace("press.1 = \"hours\"", "press.1 = \""));
    editor.told();
    let names = editor.asks_at("completion", &path, 7, 11);
    let names: Vec<_> = names
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| it["label"].as_str())
        .collect();
    assert_eq!(
        names,
        [Some("main"), Some("hours"), Some("end"), Some("repeat")]
    );
    assert_eq!(editor.asks_at("completion", &path, 6, 8), json!([]));
}

#[test]
fn files_are_checked_as_they_are_served_together() {
    let desk = Desk::new();
    std::fs::create_dir_all(desk.path().join("flows/shared")).expect("a folder");
    desk.write("flows/b.toml", &FLOW.replace("id = \"a\"", "id = \"b\""));
    desk.write("Cargo.toml", "[package]\nname = \"x\"\n");
    let mut editor = Editor::begin();
    let (path, other) = (
        desk.path().join("flows/a.toml"),
        desk.path().join("Cargo.toml"),
    );
    editor.opens(&path, FLOW);
    let (name, faults) = editor.told();
    let code = faults.first().map(|fault| fault.0.as_str());
    assert_eq!(
        (name.as_str(), code),
        ("a.toml", Some("CW209")),
        "both answer one number"
    );
    // What is no flow is left alone.
    editor.opens(&other, "[package]\nname = \"x\"\n");
    assert_eq!(editor.told(), ("Cargo.toml".to_owned(), vec![]));
    assert_eq!(editor.told().0, "a.toml");
    // A test's lines are read as well.
    let test = desk.path().join("flows/a.test.toml");
    editor.opens(
        &test,
        "flow = \"a.toml\"\n[[call]]\nname = \"x\"\nsteps = [\"dance\"]\n",
    );
    assert_eq!(editor.told().0, "Cargo.toml");
    assert_eq!(
        editor.told(),
        ("a.test.toml".to_owned(), vec![("CW704".to_owned(), 3, 9)])
    );
}

#[test]
fn what_is_no_request_of_ours_is_answered_and_does_no_harm() {
    let mut editor = Editor::begin();
    let refused = editor.ask("textDocument/hover", json!({}));
    assert_eq!(refused["error"]["code"], -32601, "{refused}");
    let nowhere = Path::new("/nowhere/a.toml");
    assert_eq!(editor.asks_at("definition", nowhere, 99, 99), Value::Null);
    editor.tell(
        "textDocument/didOpen",
        json!({"textDocument": {"uri": "untitled:1", "text": "x"}}),
    );
    editor.tell("$/cancelRequest", json!({"id": 1}));
    assert_eq!(editor.asks_at("completion", nowhere, 0, 0), json!([]));
    // An editor that is gone without a word is no good end.
    drop(editor.server.stdin.take());
    assert_eq!(editor.server.wait().expect("it ends").code(), Some(1));
}
