//! Typical mistakes, and what is said of them: `messages/*.kdl` with the rendering beside each.

use std::path::{Path, PathBuf};

use throng::loader::{Overrides, Registry, Severity, Style, load, render, render_json};

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

#[test]
fn programs_get_one_object_a_problem() {
    let text = "throng 1\nlistener é flie\n";
    let refused = load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default());
    let refused = refused.err().expect("it is refused");
    let json = render_json(&refused.problems, &refused.sources, Severity::Error);
    let objects: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).expect("each line is an object")).collect();
    assert_eq!(objects.len(), 2);
    let kind = objects.iter().find(|object| object["code"] == "T0007").expect("the kind is unknown");
    assert_eq!((&kind["file"], &kind["line"], &kind["column"]), (&"w.kdl".into(), &2.into(), &10.into()));
    assert_eq!(kind["end"], serde_json::json!({ "line": 2, "column": 11 }));
    assert_eq!(kind["slug"], "unknown_kind");
    assert_eq!(kind["labels"].as_array().map(Vec::len), Some(2));
}
