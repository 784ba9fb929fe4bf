//! The form of workloads: what it is, that it is stable, that it changes no meaning, and that the tree's own files have it.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use throng::loader::{FormatError, PAGES, format};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn formatted(text: &str) -> String {
    match format(Path::new("w.kdl"), text.as_bytes()) {
        Ok(formatted) => formatted,
        Err(FormatError::Refused(refused)) => panic!("{text}\n{:#?}", refused.problems),
        Err(FormatError::MeaningLost) => panic!("its meaning would be lost:\n{text}"),
    }
}

fn check(text: &str, expected: &str) {
    assert_eq!(formatted(text), expected, "{text}");
    assert_eq!(formatted(expected), expected, "it is not stable");
}

#[test]
fn nodes_stand_on_lines_of_their_own() {
    check("a;b  1   k = 2;c", "a\nb 1 k=2\nc\n");
    check("a k=1\r\n\tb", "a k=1\nb\n");
    check("a {\n\tb; c\n  d}\n", "a {\n    b\n    c\n    d\n}\n");
    check("\u{feff}(t)a  ( t ) \"x\" k =(v)#true", "(t)a (t)\"x\" k=(v)#true\n");
}

#[test]
fn braces_on_one_line_stay_there_while_they_fit() {
    check("a {b;c   1;}\n", "a { b; c 1 }\n");
    check("a{b{c}}", "a { b { c } }\n");
    check("a {}\nb { \n }\n", "a {}\nb {}\n");
    let long = "x".repeat(60);
    check(
        &format!("a {{ b {long}; c {{ d {long} }} }}"),
        &format!("a {{\n    b {long}\n    c {{ d {long} }}\n}}\n"),
    );
}

#[test]
fn one_empty_line_is_kept_where_there_are_some() {
    check("\n\n\na\n\n\n\nb {\n\n    c\n\n\n    d\n\n}\n\n\n", "a\n\nb {\n    c\n\n    d\n}\n");
    check("// x\n\n// y\na", "// x\n\n// y\na\n");
}

#[test]
fn comments_stay() {
    check("  // x  \n  a // y\n", "// x\na // y\n");
    check("// nothing else\n", "// nothing else\n");
    check("", "");
    check("a { // x\n// y\nb // z\n} // w", "a { // x\n    // y\n    b // z\n} // w\n");
    check("a /*x*/ 1/*y*/{/*z*/b}", "a /*x*/ 1 /*y*/ { /*z*/ b }\n");
    check("a;// x\nb; /* y */\n/* z\n  z */\nc", "a // x\nb\n/* y */\n/* z\n  z */\nc\n");
    check("a \\ // x\n  1 \\\n2", "a \\ // x\n    1 \\\n    2\n");
}

#[test]
fn comments_that_stand_apart_keep_their_column() {
    check("a      // x\nb  1   // y\n", "a      // x\nb 1    // y\n");
    check("a{b}   // x\n", "a { b } // x\n");
    check("a {     // x\n        b     // y\n}\n", "a {     // x\n    b         // y\n}\n");
}

#[test]
fn what_is_switched_off_has_the_form_too() {
    check(
        "/- a  1 {b}\n/-\nc\nd /-  1 /- k=2 /- { e } { f }",
        "/-a 1 { b }\n/-c\nd /-1 /-k=2 /-{ e } { f }\n",
    );
    check("/- // why\n  a\nb", "/- // why\n    a\nb\n");
    check("/- kdl-version 2\na", "/-kdl-version 2\na\n");
}

#[test]
fn strings_stay_as_they_are_written() {
    check("a  \"b  ;\" #\"c  \"d\"\"#   plain", "a \"b  ;\" #\"c  \"d\"\"# plain\n");
    let text = "a { b \"\"\"\n      one\n        two // \"no\"\n      \"\"\" }\n";
    check(text, "a {\n    b \"\"\"\n      one\n        two // \"no\"\n      \"\"\"\n}\n");
}

#[test]
fn what_does_not_parse_is_refused() {
    let refused = |text: &str| match format(Path::new("w.kdl"), text.as_bytes()) {
        Err(FormatError::Refused(refused)) => refused.problems.iter().map(|problem| problem.code).collect(),
        _ => Vec::new(),
    };
    assert_eq!(refused("a {"), ["T0010"]);
    assert_eq!(refused("a 30s"), ["T0008"]);
    assert_eq!(refused("a k=1 k=2"), ["T0012"]);
    // What is wrong in other ways has a form all the same.
    check("scenari  {x}", "scenari { x }\n");
}

/// Every file and sample of the tree, by its name.
fn of_the_tree() -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for folder in ["workloads", "workloads/profiles", "examples", "engine/src/cli/init"] {
        let Ok(entries) = std::fs::read_dir(root().join(folder)) else { continue };
        for path in entries.map(|entry| entry.expect("it can be listed").path()) {
            if path.extension().is_some_and(|extension| extension == "kdl") {
                let text = std::fs::read_to_string(&path).expect("it can be read");
                texts.push((path.display().to_string(), text));
            }
        }
    }
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    let pages = PAGES.iter().map(|page| (page.code.to_owned(), page.text.to_owned()));
    for (name, text) in pages.chain([("README.md".to_owned(), readme)]) {
        let blocks = text.split("```kdl\n").skip(1).filter_map(|rest| rest.split("```").next());
        texts.extend(blocks.map(|block| (name.clone(), block.to_owned())));
    }
    texts
}

#[test]
fn samples_of_the_tables_keep_to_the_form() {
    for node in throng::nodes::CORE {
        assert_eq!(formatted(node.spec.sample).trim_end(), node.spec.sample, "{}", node.spec.name);
    }
}

#[test]
fn the_tree_keeps_to_the_form() {
    let texts = of_the_tree();
    assert!(texts.len() > 100, "only {} texts", texts.len());
    for (name, text) in texts {
        match format(Path::new(&name), text.as_bytes()) {
            Ok(formatted) => assert_eq!(text, formatted, "{name}: run `throng fmt`"),
            // Pages show what is wrong in texts, too.
            Err(FormatError::Refused(_)) => {}
            Err(FormatError::MeaningLost) => panic!("{name}: its meaning would be lost"),
        }
    }
}

/// Blanks within a node.
fn blank() -> impl Strategy<Value = String> {
    prop::sample::select(
        &[" ", " ", "  ", "\t", "\u{a0}", " /* c */ ", "/*c*/ ", " \\\n ", " \\ // c\n\t"][..],
    )
    .prop_map(str::to_owned)
}

/// What may end a node.
fn end() -> impl Strategy<Value = String> {
    prop::sample::select(
        &[
            "\n",
            "\n",
            ";",
            " ; ",
            "\r\n",
            "\n\n\n",
            " // c\n",
            "    // far\n",
            ";// c\n",
            " /* d */\n",
            "\n// e\n",
        ][..],
    )
    .prop_map(str::to_owned)
}

fn value() -> impl Strategy<Value = String> {
    let values: &[&str] = &[
        "1",
        "-1.5e3",
        "0xff",
        "#true",
        "#null",
        "#-inf",
        "word",
        "é",
        "\"30s\"",
        "\"a // b { ; \\\" }\"",
        "#\"raw \"x\" \\\"#",
        "\"\"\"\n    a\n      b\n    \"\"\"",
        "##\"\"\"\n\"#\n\"\"\"##",
        "(t)\"x\"",
        "( t )1",
        "\"a \\\n   b\"",
        "\"\"",
    ];
    prop::sample::select(values).prop_map(str::to_owned)
}

fn entry() -> impl Strategy<Value = String> {
    let property =
        (prop::sample::select(&["k", "\"quoted\"", "look-ahead", "/-k", "/- k"][..]), 0..9_u8, value())
            .prop_map(|(key, number, value)| format!("{key}{number}={value}").replace("\"0", "0\""))
            .prop_map(|text| text.replace("\"quoted\"", "quoted"));
    prop_oneof![value(), value().prop_map(|value| format!("/-{value}")), property]
}

/// A node's name and entries.
fn head() -> impl Strategy<Value = String> {
    let name = prop::sample::select(&["a", "b", "\"c d\"", "(t)e", "/-f", "/- g", "/-\nh", "é"][..]);
    (name, prop::collection::vec((blank(), entry()), 0..4)).prop_map(|(name, entries)| {
        let entries: String = entries.into_iter().map(|(blank, entry)| blank + &entry).collect();
        format!("{name}{entries}")
    })
}

/// A node and what ends it. The parser knows no `;` behind a node that is switched off.
fn ended(node: &str, end: &str) -> String {
    if node.starts_with("/-") { format!("{node}{}", end.replace(';', "\n")) } else { format!("{node}{end}") }
}

fn nodes() -> impl Strategy<Value = String> {
    let leaf = prop::collection::vec((head(), end()), 0..4)
        .prop_map(|nodes| nodes.into_iter().map(|(node, end)| ended(&node, &end)).collect::<String>());
    leaf.prop_recursive(4, 24, 4, |inner| {
        let opening = prop::sample::select(&["{", "{ ", "{\n", "{ // c\n", "{\n\n", "/-{", "/- {\n"][..]);
        let node = (head(), blank(), opening, inner, end()).prop_map(|(head, blank, opening, inner, end)| {
            ended(&format!("{head}{blank}{opening}{inner}}}"), &end)
        });
        prop::collection::vec(node, 0..4).prop_map(|nodes| nodes.concat())
    })
}

/// Its comments, in order: what stands behind two slashes, and between slashes and stars.
fn comments(text: &str) -> Vec<&str> {
    let words = ["/* c */", "/*c*/", "// c", "// far", "/* d */", "// e"];
    let mut found: Vec<(usize, &str)> = words.iter().flat_map(|word| text.match_indices(word)).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, word)| word).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn the_form_is_stable_and_keeps_meaning_and_comments(text in nodes()) {
        match format(Path::new("w.kdl"), text.as_bytes()) {
            Ok(once) => {
                let twice = formatted(&once);
                prop_assert_eq!(&once, &twice, "{}", text);
                prop_assert_eq!(comments(&text), comments(&once), "{}", text);
                prop_assert!(once.lines().all(|line| !line.ends_with([' ', '\t'])), "{}", once);
            }
            Err(FormatError::Refused(refused)) => {
                let codes: Vec<_> = refused.problems.iter().map(|problem| problem.code).collect();
                // Two properties of one name are the only mistake that is drawn.
                prop_assert!(codes.iter().all(|code| *code == "T0012"), "{}\n{:#?}", text, refused.problems);
            }
            Err(FormatError::MeaningLost) => prop_assert!(false, "its meaning would be lost:\n{}", text),
        }
    }
}
