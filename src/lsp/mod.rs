//! A language server for flow files: what `check` says while somebody types, the way to a step, and the names of steps where one is wanted. Editors speak to it
//! over its standard input and output.
//!
//! * [`wire`] messages, written and read; [`place`] where things stand, as the protocol counts
//! * [`desk`] the files that are open, checked with those around them; [`cursor`] what is being typed

mod cursor;
mod desk;
mod place;
mod wire;

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use desk::Desk;

/// The protocol's word for a request that is none of ours.
const METHOD_NOT_FOUND: i32 = -32601;

/// The same for one that comes before `initialize` or after `shutdown`.
const INVALID_REQUEST: i32 = -32600;

/// Serves an editor until it says that it is done, or is gone; tells whether it took its leave as the protocol has it. Errors: what comes is no message, or nothing
/// can be written.
pub fn serve(input: &mut impl BufRead, output: &mut impl Write) -> io::Result<bool> {
    let mut server = Server::default();
    while let Some(message) = wire::read(input)? {
        let method = message["method"].as_str().unwrap_or_default().to_owned();
        if method == "exit" {
            return Ok(server.stage == Stage::Over);
        }
        let asked = message.get("id").filter(|_| !method.is_empty());
        let answered = server.take(&method, &message["params"]);
        if let Some(id) = asked {
            let answer = match answered {
                Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
                Err((code, message)) => {
                    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
                }
            };
            wire::write(output, &answer)?;
        }
        for published in server.desk.news() {
            let method = "textDocument/publishDiagnostics";
            let news = json!({"jsonrpc": "2.0", "method": method, "params": published});
            wire::write(output, &news)?;
        }
    }
    Ok(false)
}

#[derive(Debug, Default)]
struct Server {
    stage: Stage,
    desk: Desk,
}

/// How far editor and server are with each other.
#[derive(Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    Serving,
    Over,
}

impl Server {
    /// Does what a message says; gives the answer, if it is a request.
    fn take(&mut self, method: &str, params: &Value) -> Result<Value, (i32, String)> {
        let uri = || params["textDocument"]["uri"].as_str().unwrap_or_default();
        match (&self.stage, method) {
            (Stage::New, "initialize") => {
                self.stage = Stage::Serving;
                return Ok(abilities());
            }
            (Stage::Serving, "shutdown") => self.stage = Stage::Over,
            (Stage::New | Stage::Over, _) => {
                let why = format!("{method} comes before initialize, or after shutdown");
                return Err((INVALID_REQUEST, why));
            }
            (_, "textDocument/didOpen") => {
                let text = &params["textDocument"]["text"];
                self.desk.lay(uri(), text.as_str().unwrap_or_default());
            }
            (_, "textDocument/didChange") => {
                let changes = params["contentChanges"].as_array();
                if let Some(text) = changes.and_then(|all| all.last()?["text"].as_str()) {
                    self.desk.lay(uri(), text);
                }
            }
            (_, "textDocument/didClose") => self.desk.put_away(uri()),
            (_, "textDocument/didSave" | "workspace/didChangeWatchedFiles") => self.desk.look(),
            (_, "textDocument/definition") => {
                return Ok(self.desk.step_at(uri(), &params["position"]));
            }
            (_, "textDocument/completion") => {
                return Ok(self.desk.names_at(uri(), &params["position"]));
            }
            _ => return Err((METHOD_NOT_FOUND, format!("there is no {method} here"))),
        }
        Ok(Value::Null)
    }
}

/// What the server can do.
fn abilities() -> Value {
    json!({
        "capabilities": {
            // Whole texts: a flow is small.
            "textDocumentSync": {"openClose": true, "change": 1, "save": true},
            "definitionProvider": true,
            "completionProvider": {"triggerCharacters": ["\""]},
        },
        "serverInfo": {"name": "callwright", "version": env!("CARGO_PKG_VERSION")},
    })
}
