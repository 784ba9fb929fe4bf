//! The language server as an editor sees it, over a connection in memory.

use std::time::Duration;

use lsp_server::{Connection, Message, Notification, Request, Response};
use serde_json::{Value, json};
use throng::loader::Registry;
use throng::lsp::serve;

const ADDRESS: &str = "file:///shop.kdl";

/// Longer than any answer takes; a server that says nothing would else hold the tests up for ever.
const PATIENCE: Duration = Duration::from_mins(1);

/// An editor with a server of its own.
struct Editor {
    connection: Connection,
    server: Option<std::thread::JoinHandle<bool>>,
    asked: i32,
}

impl Editor {
    fn new() -> Self {
        let (server, connection) = Connection::memory();
        let serve = move || serve(&server, &Registry::default()).is_ok();
        let server =
            std::thread::Builder::new().name("server".to_owned()).spawn(serve).expect("a thread starts");
        let mut editor = Self { connection, server: Some(server), asked: 0 };
        let answer = editor.ask("initialize", json!({ "capabilities": {} }));
        assert_eq!(answer["serverInfo"]["name"], "throng");
        assert_eq!(answer["capabilities"]["textDocumentSync"]["change"], 1);
        editor.tell("initialized", json!({}));
        editor
    }

    /// An editor in which a text is open, and what is wrong in it.
    fn with(text: &str) -> (Self, Vec<Value>) {
        let mut editor = Self::new();
        let document = json!({ "uri": ADDRESS, "languageId": "kdl", "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
        let diagnostics = editor.diagnostics();
        (editor, diagnostics)
    }

    fn tell(&mut self, method: &str, params: Value) {
        let notification = Notification { method: method.to_owned(), params };
        self.connection.sender.send(notification.into()).expect("the server listens");
    }

    fn hear(&self) -> Message {
        self.connection.receiver.recv_timeout(PATIENCE).expect("the server answers")
    }

    fn response(&mut self, method: &str, params: Value) -> Response {
        self.asked += 1;
        let request = Request::new(self.asked.into(), method.to_owned(), params);
        self.connection.sender.send(request.into()).expect("the server listens");
        match self.hear() {
            Message::Response(response) => response,
            other => panic!("{method}: {other:?}"),
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let response = self.response(method, params);
        serde_json::to_value(response).expect("it is JSON")["result"].take()
    }

    /// The next diagnostics that the server tells of.
    fn diagnostics(&self) -> Vec<Value> {
        match self.hear() {
            Message::Notification(told) if told.method == "textDocument/publishDiagnostics" => {
                assert_eq!(told.params["uri"], ADDRESS);
                told.params["diagnostics"].as_array().expect("a list").clone()
            }
            other => panic!("{other:?}"),
        }
    }

    fn change(&mut self, text: &str) -> Vec<Value> {
        let document = json!({ "uri": ADDRESS, "version": 2 });
        self.tell(
            "textDocument/didChange",
            json!({ "textDocument": document, "contentChanges": [{ "text": text }] }),
        );
        self.diagnostics()
    }

    fn at(&mut self, method: &str, line: usize, character: usize) -> Value {
        let position = json!({ "line": line, "character": character });
        self.ask(method, json!({ "textDocument": { "uri": ADDRESS }, "position": position }))
    }

    fn about(&mut self, method: &str) -> Value {
        let options = json!({ "tabSize": 4, "insertSpaces": true });
        self.ask(method, json!({ "textDocument": { "uri": ADDRESS }, "options": options }))
    }

    /// As an editor that says it twice.
    fn end(mut self) {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        let ended = self.server.take().map(std::thread::JoinHandle::join);
        assert!(matches!(ended, Some(Ok(true))), "{ended:?}");
    }
}

const GOOD: &str = "throng 1
target shop demo
target other noop
behavior visitor {
    http GET \"/\" name=home target=shop
}
scenario crowd {
    behavior visitor
    arrivals even { hold \"10/s\" for=\"1m\" }
}
";

fn codes(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().filter_map(|diagnostic| diagnostic["code"].as_str()).collect()
}

#[test]
fn problems_are_shown_as_they_come_and_go() {
    let (mut editor, opened) = Editor::with(&GOOD.replace("hold", "/* é𝄞 */ hodl"));
    assert_eq!(codes(&opened), ["T0023"]);
    // Columns count units of UTF-16: the clef is two of them.
    assert_eq!(
        opened[0]["range"],
        json!({ "start": { "line": 8, "character": 30 }, "end": { "line": 8, "character": 34 } })
    );
    assert_eq!((&opened[0]["severity"], &opened[0]["source"]), (&json!(1), &json!("throng")));
    let message = opened[0]["message"].as_str().expect("a text");
    assert!(message.contains("`hodl`") && message.contains("did you mean `hold`?"), "{message}");
    assert_eq!(codes(&editor.change(GOOD)), [""; 0]);
    assert_eq!(codes(&editor.change("throng 1\nscenario s {\n")), ["T0010"]);
    let warned = editor.change(&GOOD.replace(" for=\"1m\"", ""));
    assert_eq!((warned.len(), &warned[0]["severity"]), (1, &json!(2)), "{warned:?}");
    let unset = GOOD.replace("\"/\"", "\"/${env('THRONG_TESTS_SET_NO_SUCH_NAME')}\"");
    let unset = editor.change(&unset);
    assert_eq!((codes(&unset), &unset[0]["severity"]), (vec!["T0186"], &json!(2)), "{unset:?}");
    let twice = editor.change(&GOOD.replace("target other noop", "target shop noop"));
    assert_eq!(codes(&twice), ["T0040"]);
    let related = &twice[0]["relatedInformation"][0];
    assert_eq!(
        (&related["message"], &related["location"]["range"]["start"]["line"]),
        (&json!("the first one"), &json!(1))
    );
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": ADDRESS } }));
    assert_eq!(codes(&editor.diagnostics()), ["T0040"]);
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": ADDRESS } }));
    assert_eq!(codes(&editor.diagnostics()), [""; 0]);
    editor.end();
}

/// Completes at `|` in a text, and checks what is offered and what is not.
fn check_completion(marked: &str, expected: &[&str], unexpected: &[&str]) {
    let before = &marked[..marked.find('|').expect("a cursor")];
    let line = before.matches('\n').count();
    let character = before.rsplit('\n').next().unwrap_or_default().encode_utf16().count();
    let (mut editor, _) = Editor::with(&marked.replacen('|', "", 1));
    let offered = editor.at("textDocument/completion", line, character);
    let labels: Vec<&str> =
        offered.as_array().into_iter().flatten().filter_map(|item| item["label"].as_str()).collect();
    for label in expected {
        assert!(labels.contains(label), "{marked}\nno `{label}` in {labels:?}");
    }
    for label in unexpected {
        assert!(!labels.contains(label), "{marked}\n`{label}` in {labels:?}");
    }
    assert!(!expected.is_empty() || labels.is_empty(), "{marked}\n{labels:?}");
    editor.end();
}

#[test]
fn what_may_stand_there_is_offered() {
    check_completion(&format!("{GOOD}|"), &["scenario", "listener", "require"], &["http", "users"]);
    check_completion(&GOOD.replace("hold", "|hold"), &["hold", "ramp"], &["users"]);
    check_completion(&GOOD.replace("arrivals even", "arrivals |"), &["even", "poisson"], &["hold"]);
    check_completion(&GOOD.replace("target=shop", "target=|"), &["shop", "other"], &["visitor"]);
    check_completion(&GOOD.replace("target=shop", "|"), &["target=", "timeout=", "on-failure="], &["name="]);
    check_completion(&GOOD.replace("target=shop", "on-failure=|"), &["continue", "stop"], &["shop"]);
    check_completion(&GOOD.replace("    behavior visitor", "    behavior |"), &["visitor"], &["crowd"]);
    check_completion(&format!("{GOOD}require {{ response p=99 step=| }}"), &["home"], &["shop"]);
    check_completion(&format!("{GOOD}require {{ rate scenario=| }}"), &["crowd"], &["home"]);
    check_completion(&GOOD.replace("target shop demo", "target shop |"), &["demo", "noop"], &["even"]);
    check_completion(&format!("{GOOD}tick look-ahead=|"), &["2"], &["shop"]);
    check_completion(&format!("{GOOD}// sc|"), &[], &[]);
    let basket =
        GOOD.replace("    http", "    set basket 0\n    http POST \"/\" { body \"${1 + |}\" }\n    http");
    check_completion(&basket, &["basket", "now", "user.id", "iteration", "random("], &["home"]);
}

#[test]
fn half_written_files_are_completed() {
    check_completion("throng 1\nscenario crowd {\n    us|", &["users"], &["http"]);
    check_completion(
        "throng 1\nbehavior b {\n    repeat 3 {\n        |\n",
        &["http", "think", "repeat"],
        &["users"],
    );
    check_completion(
        "throng 1\nbehavior b {\n    http GET \"/\" {\n        expect { |",
        &["status"],
        &["save"],
    );
    check_completion("throng 1\ntarget a demo\nbehavior b { http GET \"/ target=|\n", &[], &[]);
    check_completion("throng 1\nlistener |\nscenario s {", &["console", "file", "otlp"], &[]);
    check_completion("throng 1\nlistener otlp \"http://h\" {\n  |", &["metrics", "traces"], &[]);
}

#[test]
fn every_beginning_of_every_workload_is_served() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["workloads", "workloads/profiles"];
    let listed = |folder| std::fs::read_dir(root.join(folder)).expect("the workloads are there");
    let (mut editor, _) = Editor::with("");
    for entry in folders.into_iter().flat_map(listed) {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "kdl") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it can be read");
        let places: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(7).collect();
        for at in places {
            let begun = &text[..at];
            editor.change(begun);
            let (line, character) =
                (begun.matches('\n').count(), begun.rsplit('\n').next().map_or(0, str::len));
            for method in ["textDocument/completion", "textDocument/hover"] {
                editor.at(method, line, character);
            }
            assert!(editor.about("textDocument/documentSymbol").is_array());
        }
    }
    editor.end();
}

#[test]
fn a_completion_replaces_what_was_typed() {
    let (mut editor, _) = Editor::with("throng 1\nscen");
    let offered = editor.at("textDocument/completion", 1, 4);
    let scenario = offered.as_array().into_iter().flatten().find(|item| item["label"] == "scenario");
    let scenario = scenario.expect("it is offered");
    let range = json!({ "start": { "line": 1, "character": 0 }, "end": { "line": 1, "character": 4 } });
    assert_eq!(scenario["textEdit"], json!({ "range": range, "newText": "scenario" }));
    assert!(scenario["documentation"]["value"].as_str().is_some_and(|text| text.contains("```kdl")));
    editor.end();
}

#[test]
fn words_are_explained_and_errors_too() {
    let (mut editor, _) = Editor::with(&GOOD.replace("hold", "hodl"));
    let said = |editor: &mut Editor, line, character| {
        let hover = editor.at("textDocument/hover", line, character);
        hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
    };
    assert!(said(&mut editor, 6, 3).starts_with("**scenario**\n\nJoins a behaviour and a load"));
    assert!(said(&mut editor, 8, 15).contains("**even**"));
    assert!(said(&mut editor, 4, 23).contains("**name=** name"));
    assert!(said(&mut editor, 8, 22).contains("# T0023: unknown node"));
    assert_eq!(said(&mut editor, 99, 0), "");
    editor.end();
}

#[test]
fn files_are_formatted() {
    let (mut editor, _) = Editor::with(&GOOD.replace("    ", "\t"));
    let edits = editor.about("textDocument/formatting");
    assert_eq!((edits.as_array().map(Vec::len), edits[0]["newText"].as_str()), (Some(1), Some(GOOD)));
    assert_eq!(edits[0]["range"]["end"], json!({ "line": 10, "character": 0 }));
    editor.change(GOOD);
    assert_eq!(editor.about("textDocument/formatting"), json!([]));
    editor.change("a {");
    assert_eq!(editor.about("textDocument/formatting"), json!([]));
    editor.end();
}

#[test]
fn parts_are_listed() {
    let (mut editor, _) = Editor::with(GOOD);
    let symbols = editor.about("textDocument/documentSymbol");
    let names: Vec<&str> =
        symbols.as_array().into_iter().flatten().filter_map(|symbol| symbol["name"].as_str()).collect();
    assert_eq!(
        names,
        ["throng 1", "target shop demo", "target other noop", "behavior visitor", "scenario crowd"]
    );
    assert_eq!(symbols[3]["children"][0]["name"], "http home");
    editor.end();
}

#[test]
fn what_nobody_understands_is_answered_and_nothing_ends() {
    let (mut editor, _) = Editor::with(GOOD);
    let unknown = editor.response("textDocument/rename", json!({}));
    assert_eq!(serde_json::to_value(unknown).expect("it is JSON")["error"]["code"], -32601);
    let wrong = editor.response("textDocument/hover", json!({ "position": 1 }));
    assert_eq!(serde_json::to_value(wrong).expect("it is JSON")["error"]["code"], -32602);
    editor.tell("textDocument/didChange", json!(7));
    editor.tell("$/setTrace", json!({ "value": "off" }));
    let elsewhere =
        json!({ "textDocument": { "uri": "file:///other.kdl" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.ask("textDocument/completion", elsewhere), Value::Null);
    editor.end();
}
