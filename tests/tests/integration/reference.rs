//! The page of the language: it is what the tables say, and its links lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use crate::scratch::Scratch;

/// A heading as GitHub links to it.
fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase().replace(' ', "-");
    letters.chars().filter(|letter| letter.is_alphanumeric() || "-_".contains(*letter)).collect()
}

#[test]
fn the_page_of_the_language_is_what_the_tables_say() {
    let written = Scratch::new("").throng(&["list", "--format", "markdown"]);
    assert_eq!(written.code, Some(0), "{}", written.stderr);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/docs/language.md");
    let page = std::fs::read_to_string(path).expect("the page is there");
    assert!(
        page == written.stdout,
        "engine/docs/language.md is not what the tables say; write it anew with\n\
         cargo run -- list --format markdown > engine/docs/language.md"
    );
}

#[test]
fn links_of_the_page_lead_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine/docs");
    let page = std::fs::read_to_string(docs.join("language.md")).expect("the page is there");
    let headings: Vec<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("##"))
        .map(|line| anchor(line.trim_matches(['#', ' '])))
        .collect();
    let anchors: BTreeSet<&String> = headings.iter().collect();
    assert_eq!(anchors.len(), headings.len(), "two headings share a link");
    let links: Vec<&str> = page.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    assert!(links.len() > 100, "only {} links", links.len());
    for link in links.into_iter().filter(|link| !link.starts_with("https://")) {
        match link.strip_prefix('#') {
            Some(anchor) => assert!(anchors.contains(&anchor.to_owned()), "no heading for #{anchor}"),
            None => assert!(docs.join(link).is_file(), "no file {link}"),
        }
    }
}
