//! The language server and clients that others wrote.

use std::path::Path;

use serde_json::{Value, json};
use throng_tests::support::{Process, find_tool};

use crate::scratch::{Scratch, THRONG};

#[test]
fn a_client_of_others_is_served() {
    // Without it `tests/run` has said so, and lets CI fail over it.
    let Some(python) = find_tool("python-with-pygls") else { return };
    let scratch = Scratch::new("");
    let mut command = Process::command(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("editors/client.py")).arg(THRONG.as_str());
    let client = Process::start(command, &scratch.path("."), "client").expect("it can be started");
    let ended = client.wait().expect("it ends");
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let seen: Value = serde_json::from_str(&ended.stdout).expect("it says what it saw");
    assert_eq!(seen["server"], "throng");
    assert_eq!((&seen["opened"], &seen["mended"]), (&json!(["T0010"]), &json!([])));
    assert!(seen["completed"].as_array().is_some_and(|labels| labels.contains(&json!("users"))), "{seen:#}");
    assert!(seen["hovered"].as_str().is_some_and(|text| text.contains("Joins a behaviour and a load")));
    let formatted = seen["formatted"][0].as_str().unwrap_or_default();
    assert!(formatted.contains("\n    population { hold 1 for=\"1s\" }\n"), "{formatted}");
    assert_eq!(seen["listed"], json!(["throng 1", "target t noop", "behavior b", "scenario s"]));
    assert_eq!(seen["code"], 0);
}

#[test]
fn an_editor_that_goes_away_is_no_fault_of_throngs() {
    let scratch = Scratch::new("");
    let ended = scratch.throng(&["lsp"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(105), ""));
    assert!(ended.stderr.contains("gone away"), "{}", ended.stderr);
}
