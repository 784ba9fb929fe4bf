//! Typical mistakes, and what is said of them: `messages/*.kdl` with the rendering beside each.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use throng::loader::{
    Overrides, Refused, Registry, Severity, Style, load, render, render_github, render_json,
};

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("messages")
}

fn files() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory()).expect("the directory of messages is there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be listed").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "kdl"));
    files.sort();
    files
}

/// What `throng check` would print of a file.
fn rendered(name: &str, bytes: &[u8]) -> String {
    let path = Path::new("messages").join(format!("{name}.kdl"));
    match load(&path, bytes, &Registry::default(), &Overrides::default()) {
        Ok(loaded) => render(&loaded.warnings, &loaded.sources, Severity::Warning, Style::PLAIN),
        Err(refused) => render(&refused.problems, &refused.sources, Severity::Error, Style::PLAIN),
    }
}

#[test]
fn every_message_is_as_expected() {
    let files = files();
    assert!(files.len() >= 15, "only {} messages", files.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(directory());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        for path in files {
            let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).expect("the file is there");
            insta::assert_snapshot!(name.as_str(), rendered(&name, &bytes));
        }
        // No file of its own: whatever reads the tree's texts would stumble over it.
        insta::assert_snapshot!("not-utf-8", rendered("not-utf-8", b"throng 1\ntarget caf\xe9 noop\n"));
    });
}

fn refused(name: &str, text: &str) -> Refused {
    let loaded = load(Path::new(name), text.as_bytes(), &Registry::default(), &Overrides::default());
    loaded.err().unwrap_or_else(|| panic!("it is refused: {text}"))
}

#[test]
fn programs_get_one_object_a_problem() {
    let refused = refused("w.kdl", "throng 1\nlistener é flie\n");
    let json = render_json(&refused.problems, &refused.sources, Severity::Error);
    let objects: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect();
    assert_eq!(objects.len(), 2);
    let kind = objects.iter().find(|object| object["code"] == "T0007").expect("the kind is unknown");
    assert_eq!((&kind["file"], &kind["line"], &kind["column"]), (&"w.kdl".into(), &2.into(), &10.into()));
    assert_eq!(kind["end"], serde_json::json!({ "line": 2, "column": 11 }));
    assert_eq!(kind["bytes"], serde_json::json!({ "start": 18, "end": 20 }));
    assert_eq!(kind["slug"], "unknown_kind");
    assert_eq!(
        kind["page"],
        serde_json::json!({ "title": "unknown kind", "command": "throng explain T0007" })
    );
    assert_eq!(kind["labels"].as_array().map(Vec::len), Some(2));
}

/// The fields of an object as the page writes them.
fn fields(path: &str, value: &serde_json::Value, found: &mut BTreeSet<String>) {
    match value {
        serde_json::Value::Object(entries) => {
            for (key, value) in entries {
                fields(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, value, found);
            }
        }
        serde_json::Value::Array(entries) => {
            for entry in entries {
                fields(&format!("{path}[]"), entry, found);
            }
        }
        _ => {
            found.insert(path.to_owned());
        }
    }
}

#[test]
fn the_page_has_every_field_and_no_other() {
    let refused = refused("w.kdl", "throng 1\nlistener flie\n");
    let json = render_json(&refused.problems, &refused.sources, Severity::Error);
    let mut written = BTreeSet::new();
    for line in json.lines() {
        fields("", &serde_json::from_str(line).expect("each line is an object"), &mut written);
    }
    let page = include_str!("../../engine/docs/diagnostics.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    assert_eq!(written, rows.map(str::to_owned).collect());
}

#[test]
fn github_gets_one_command_a_problem() {
    let check = |name: &str, text: &str, expected: &str| {
        let refused = refused(name, text);
        let shown = render_github(&refused.problems, &refused.sources, Severity::Error);
        assert!(shown.lines().any(|line| line == expected), "{expected}\n{shown}");
    };
    check(
        "a,b:c%.kdl",
        "throng 1\ntarget shop demo { timeout \"1%\" }\n",
        "::error file=a%2Cb%3Ac%25.kdl,line=2,col=28,endColumn=32,title=T0025::\
         the value `1%25` of `length` has an unknown unit%0Ahelp: units: ns us ms s m h d w",
    );
    check(
        "empty.kdl",
        "// é\n",
        "::error file=empty.kdl,line=1,col=1,endColumn=1,title=T0004::the file holds no node%0Ahelp: workloads/quickstart.kdl is one to start from",
    );
}

/// A workload in which every kind of token stands.
const SLIPPED: &str = "throng 1
// One slip at a time.
target shop \"http://127.0.0.1:8080\" {
    timeout \"5s\"
    header accept #\"text/\"plain\"\"#
}
behavior visitor on-failure=stop {
    http POST \"/login?a=1\" name=login {
        json { user \"visitor\"; password \"let me in\" }
        expect { status 200 } /* and no other */
    }
    http PUT \"/note\" name=note {
        body \"\"\"
            so long
            \"\"\"
    }
    choose { branch weight=70 { think constant \"1s\" }; branch weight=30 { set x 1 } }
}
scenario crowd {
    behavior visitor
    arrivals poisson { ramp from=\"0/s\" to=\"40/s\" over=\"5s\"; hold \"40/s\" for=\"9s\" }
    users min=5 max=200
}
listener console every=\"1s\"
";

/// What fingers leave out, double or put in.
const STRUCTURE: &[&str] = &["{", "}", "\"", "=", ";", "#", "\n", "/*", "*/", "(", ")", "\\", "/", "\"\"\""];

#[test]
fn one_slip_gives_three_diagnostics_at_most() {
    // The parser's own, and all of them: what still parses may be wrong in several ways.
    let (mut syntax, mut all) = ((0, String::new()), (0, String::new()));
    let mut tried = 0;
    let mut check = |text: String| {
        tried += 1;
        let loaded = load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default());
        let problems = loaded.err().map(|refused| refused.problems).unwrap_or_default();
        let count = problems.iter().filter(|problem| problem.code < "T0020").count();
        if count > syntax.0 {
            syntax = (count, text.clone());
        }
        if problems.len() > all.0 {
            all = (problems.len(), text);
        }
    };
    let whole = load(Path::new("w.kdl"), SLIPPED.as_bytes(), &Registry::default(), &Overrides::default());
    assert!(whole.is_ok(), "without a slip it loads");
    for piece in STRUCTURE {
        for (at, _) in SLIPPED.match_indices(piece) {
            let (before, after) = (&SLIPPED[..at], &SLIPPED[at + piece.len()..]);
            check(format!("{before}{after}"));
            check(format!("{before}{piece}{piece}{after}"));
        }
        for (at, _) in SLIPPED.match_indices([' ', '\n']) {
            check(format!("{}{piece}{}", &SLIPPED[..at], &SLIPPED[at..]));
        }
    }
    assert!(tried > 1_000, "only {tried} slips");
    assert!(syntax.0 <= 3, "{} diagnostics for\n{}", syntax.0, syntax.1);
    assert!(all.0 <= 5, "{} problems for\n{}", all.0, all.1);
}
