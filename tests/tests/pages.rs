//! Every error code has a page whose samples are true: the wrong one yields the code, the right one loads.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use throng::loader::{
    Environment, Loaded, MOST_BYTES, Overrides, PAGES, Page, Refused, Registry, load, load_file,
};
use throng_tests::support::Authority;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The fenced block of a language behind a word: `Wrong:` or `Right:`.
fn sample<'a>(page: &'a Page, word: &str) -> Option<&'a str> {
    let (_, after) = page.text.split_once(&format!("\n{word}:\n"))?;
    let block = after.trim_start().strip_prefix("```kdl\n")?;
    block.split_once("```").map(|(sample, _)| sample)
}

/// Loads a text as if it lay among the workloads, whose files it may name.
fn load_text(text: &[u8]) -> Result<Loaded, Refused> {
    load(&root().join("workloads/sample.kdl"), text, &Registry::default(), &Overrides::default())
}

/// The codes of problems, or of warnings when there is no problem.
fn codes(result: Result<Loaded, Refused>) -> Vec<&'static str> {
    let problems = match result {
        Ok(loaded) => loaded.warnings,
        Err(refused) => refused.problems,
    };
    problems.into_iter().map(|problem| problem.code).collect()
}

/// Texts that are wrong by what they amount to, which no page would show.
fn too_much(code: &str) -> Option<Vec<&'static str>> {
    Some(match code {
        "T0005" => codes(load_text(&vec![b' '; MOST_BYTES + 1])),
        "T0056" => codes(load_text(&[b"throng 1\n".to_vec(), b"target t noop\n".repeat(1001)].concat())),
        "T0095" => {
            // Each pass through a group has variables of its own.
            let groups = "group g{noop name=x};".repeat(22_000);
            codes(load_text(in_behavior(&groups).as_bytes()))
        }
        "T0261" => {
            let save = |number| format!("save v{number} regex=#\"\\w{{9}}{number}\"#;");
            codes(load_text(looking(&(0..300).map(save).collect::<String>()).as_bytes()))
        }
        "T0262" => codes(load_text(looking(&"header a b;".repeat(1_001)).as_bytes())),
        "T0263" => {
            let text = looking(&"save v header=x default=\"${long}\";".repeat(300));
            let long = format!("param long \"{}\"\n", "x".repeat(60_000));
            codes(load_text(format!("{text}{long}").as_bytes()))
        }
        "T0204" => codes(load_text(doubling(20).as_bytes())),
        "T0194" => codes(load_text(&[b"throng 1\n".to_vec(), b"a\n".repeat(100_000)].concat())),
        _ => return None,
    })
}

/// Mistakes that no sample in a page can show.
fn beyond_samples(code: &str) -> Option<Vec<&'static str>> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let registry = Registry::default();
    let read = |name: &str| codes(load_file(&directory.path().join(name), &registry, &Overrides::default()));
    let write = |name: &str, text: &str| {
        std::fs::write(directory.path().join(name), text).expect("a file can be written");
    };
    Some(match code {
        "T0001" => read("missing.kdl"),
        "T0002" => read(""),
        "T0003" => codes(load_text(b"throng 1\n\xff")),
        "T0094" => codes(load_text(in_behavior(&nested(65)).as_bytes())),
        "T0142" => {
            let authority = Authority::new();
            let (ann, bob) = (authority.for_client("ann"), authority.for_client("bob"));
            write("ann.pem", &ann.certificate);
            write("bob.key", &bob.key);
            codes(load(
                &directory.path().join("w.kdl"),
                with_tls("client-certificate \"ann.pem\" key=\"bob.key\"").as_bytes(),
                &registry,
                &Overrides::default(),
            ))
        }
        "T0143" => {
            write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
            let text = with_tls("roots \"ca.pem\"");
            codes(load(&directory.path().join("w.kdl"), text.as_bytes(), &registry, &Overrides::default()))
        }
        "T0183" => set("peak", "300"),
        "T0184" => set("paek", "300/s"),
        "T0185" => set("timeout", "1s"),
        "T0220" => {
            let environment = Environment::default().with("THRONG_PARAM_PAEK", "20/s");
            let overrides = Overrides { environment, ..Overrides::default() };
            let text = in_behavior("noop name=x");
            codes(load(Path::new("w.kdl"), text.as_bytes(), &registry, &overrides))
        }
        "T0251" => with_times("wait\n120ms\n85\n", ""),
        "T0252" => with_times("at,wait\n1s,120ms\n", "column=waits"),
        "T0253" => with_times("wait\n", ""),
        "T0269" => with_trace("at\n120ms\n85\n", ""),
        "T0270" => with_trace("at,page\n0.5s,home\n", "column=time"),
        "T0271" => with_trace("at\n", ""),
        "T0191" => {
            codes_of_included(&[("a.kdl", "include \"b.kdl\""), ("b.kdl", "include \"a.kdl\"")], &directory)
        }
        "T0192" => {
            let own = "include \"b.kdl\"; include \"c.kdl\"";
            codes_of_included(&[("a.kdl", own), ("b.kdl", "seed 1"), ("c.kdl", "seed 2")], &directory)
        }
        "T0193" => {
            let files: Vec<_> = (0..20)
                .map(|number| (format!("{number}.kdl"), format!("include \"{}.kdl\"", number + 1)))
                .collect();
            let mut files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
            files.push(("a.kdl", "include \"0.kdl\""));
            codes_of_included(&files, &directory)
        }
        code => return too_much(code),
    })
}

fn with_tls(settings: &str) -> String {
    format!(
        "throng 1\ntarget t \"https://shop.test\" {{ tls {{ {settings} }} }}\nbehavior b {{ http GET \"/\" }}\n\
         scenario s {{ behavior b; population {{ hold 1 for=\"1s\" }} }}\n"
    )
}

/// The codes of a workload of two targets and a parameter, with one value set.
fn set(name: &str, value: &str) -> Vec<&'static str> {
    let text = "throng 1\nparam peak \"10/s\"\ntarget a \"http://h\" { timeout \"1s\" }\n\
         target b \"http://h\" { timeout \"${1/s / peak * 1s}\" }\n\
         behavior buyer { http GET \"/\" target=a name=x }\n\
         scenario s { behavior buyer; population { hold 1 for=\"1s\" } }\n";
    let sets = vec![(name.to_owned(), value.to_owned())];
    let overrides = Overrides { sets, ..Overrides::default() };
    codes(load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &overrides))
}

/// The codes of a workload that thinks by a file of times.
fn with_times(times: &str, properties: &str) -> Vec<&'static str> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(directory.path().join("waits.csv"), times).expect("a file can be written");
    let text = in_behavior(&format!("think empirical \"waits.csv\" {properties}; noop name=x"));
    codes(load(&directory.path().join("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default()))
}

/// The codes of a workload whose arrivals are those of a file.
fn with_trace(instants: &str, properties: &str) -> Vec<&'static str> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    std::fs::write(directory.path().join("arrivals.csv"), instants).expect("a file can be written");
    let text = format!(
        "throng 1\ntarget t noop\nbehavior b {{ noop name=x }}\n\
         scenario s {{ behavior b; arrivals trace \"arrivals.csv\" {properties} }}\n"
    );
    codes(load(&directory.path().join("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default()))
}

fn codes_of_included(files: &[(&str, &str)], directory: &tempfile::TempDir) -> Vec<&'static str> {
    for (name, text) in files {
        std::fs::write(directory.path().join(name), format!("throng 1\n{text}\n"))
            .expect("it can be written");
    }
    codes(load_file(&directory.path().join("a.kdl"), &Registry::default(), &Overrides::default()))
}

/// A workload whose one request has something inside.
fn looking(inside: &str) -> String {
    format!(
        "throng 1\ntarget t \"http://127.0.0.1:8080\"\nbehavior b {{ http GET \"/\" name=x {{ {inside} }} }}\n\
         scenario s {{ behavior b; population {{ hold 1 for=\"1s\" }} }}\n"
    )
}

fn in_behavior(steps: &str) -> String {
    format!(
        "throng 1\ntarget t noop\nbehavior b {{ {steps} }}\nscenario s {{ behavior b; population {{ hold 1 for=\"1s\" }} }}\n"
    )
}

/// Behaviours that each call the next one twice.
fn doubling(depth: usize) -> String {
    let calls = (0..depth).map(|number| {
        let next = number + 1;
        format!("behavior b{number} {{ call b{next}; call b{next} }}\n")
    });
    let scenario = "scenario s { behavior b0; population { hold 1 for=\"1s\" } }\n";
    format!(
        "throng 1\ntarget t noop\n{}behavior b{depth} {{ noop name=x }}\n{scenario}",
        calls.collect::<String>()
    )
}

fn nested(depth: usize) -> String {
    format!("{}noop name=x{}", "repeat 1 { ".repeat(depth), " }".repeat(depth))
}

#[test]
fn wrong_samples_yield_their_code_and_nothing_else() {
    for page in PAGES {
        let found = match sample(page, "Wrong") {
            Some(sample) => codes(load_text(sample.as_bytes())),
            None => beyond_samples(page.code).unwrap_or_default(),
        };
        assert!(found.contains(&page.code), "{}: its wrong sample yields {found:?}", page.code);
        if sample(page, "Wrong").is_some() {
            assert!(found.iter().all(|code| *code == page.code), "{}: also {found:?}", page.code);
        }
    }
}

#[test]
fn right_samples_load() {
    for page in PAGES {
        let right = sample(page, "Right").unwrap_or_else(|| panic!("{}: no right sample", page.code));
        let found = codes(load_text(right.as_bytes()));
        assert_eq!(found, [""; 0], "{}: its right sample", page.code);
    }
}

#[test]
fn pages_are_sorted_and_titled() {
    for pair in PAGES.windows(2) {
        assert!(pair[0].code < pair[1].code, "{} stands before {}", pair[0].code, pair[1].code);
    }
    for page in PAGES {
        assert!(page.text.starts_with(&format!("# {}: ", page.code)), "{}: its first line", page.code);
        assert!(page.title().len() > 3, "{}: no title", page.code);
    }
}

/// Every error code that stands in the text of a file: `"T0007"`.
fn codes_in(text: &str, found: &mut BTreeSet<String>) {
    for (start, _) in text.match_indices("\"T0") {
        let code: String = text[start + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        if code.len() == 5 && code[1..].chars().all(|digit| digit.is_ascii_digit()) {
            found.insert(code);
        }
    }
}

/// The codes that the sources below a folder give to problems; the table of pages is none of them.
fn codes_below(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be listed").path();
        if path.is_dir() {
            codes_below(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            codes_in(&std::fs::read_to_string(&path).expect("it can be read"), found);
        }
    }
}

#[test]
fn every_code_of_the_sources_has_a_page_and_no_page_is_without_a_code() {
    let mut used = BTreeSet::new();
    for folder in ["components/src", "systems/src", "engine/src"] {
        codes_below(&root().join(folder), &mut used);
    }
    assert!(used.len() > 40, "only {} codes were found: the check looks in the wrong place", used.len());
    let pages: BTreeSet<String> = PAGES.iter().map(|page| page.code.to_owned()).collect();
    let without_page: Vec<_> = used.difference(&pages).collect();
    let without_code: Vec<_> = pages.difference(&used).collect();
    assert_eq!((without_page, without_code), (vec![], vec![]), "codes without a page, pages without a code");
    for entry in std::fs::read_dir(root().join("engine/errors")).expect("the pages are there") {
        let name = entry.expect("it can be listed").file_name().to_string_lossy().into_owned();
        assert!(pages.contains(name.trim_end_matches(".md")), "{name} is in no table");
    }
}

/// The `kdl` blocks of a Markdown text.
fn blocks(text: &str) -> Vec<&str> {
    text.split("```kdl\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn workloads_in_the_readme_load() {
    let text = std::fs::read_to_string(root().join("README.md")).expect("the README is there");
    let blocks = blocks(&text);
    assert!(!blocks.is_empty(), "the README shows no workload");
    for block in blocks {
        // What it includes stands in the tree.
        let path = root().join("README.kdl");
        let found = codes(load(&path, block.as_bytes(), &Registry::default(), &Overrides::default()));
        assert_eq!(found, [""; 0], "{block}");
    }
}
