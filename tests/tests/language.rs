//! The language as a whole: every workload loads, every node of the tables is true, and no text breaks the loader.

use std::path::Path;

use proptest::prelude::*;
use throng::loader::{
    FormatError, Loaded, Overrides, Refused, Registry, cursor, format, load, load_file, written,
};
use throng::nodes::CORE;
use throng_tests::support::Authority;

fn load_text(text: &str) -> Result<Loaded, Refused> {
    load(Path::new("w.kdl"), text.as_bytes(), &Registry::default(), &Overrides::default())
}

fn loaded(text: &str) -> Loaded {
    match load_text(text) {
        Ok(loaded) => loaded,
        Err(refused) => panic!("{text}\n{:#?}", refused.problems),
    }
}

fn head() -> String {
    "throng 1\ntarget t noop\nbehavior buyer { noop name=home }\n".to_owned()
}

const OPEN: &str = "scenario crowd { behavior buyer; arrivals even { hold \"10/s\" for=\"1m\" } }\n";
/// The same, with a parameter.
const SWEPT: &str = "param peak \"10/s\"\n\
    scenario crowd { behavior buyer; arrivals even { hold \"${peak}\" for=\"1m\" } }\n";

#[test]
fn every_workload_loads_and_says_its_purpose() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders = ["workloads", "workloads/profiles"];
    let listed = |folder| std::fs::read_dir(root.join(folder)).expect("the workloads are there");
    let mut count = 0;
    for entry in folders.into_iter().flat_map(listed) {
        let path = entry.expect("it can be listed").path();
        if path.extension().is_none_or(|extension| extension != "kdl") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("it can be read");
        assert!(text.starts_with("// "), "{}: no purpose in its first line", path.display());
        let result = load_file(&path, &Registry::default(), &Overrides::default());
        match result {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{}: {:?}", path.display(), loaded.warnings),
            Err(refused) => panic!("{}: {:#?}", path.display(), refused.problems),
        }
        count += 1;
    }
    assert!(count >= 5, "only {count} workloads");
}

/// A crew that begins anew by a law of two kinds.
const PACED: &str = "population { hold 1 for=\"1s\" }; pace hyperexponential { PHASE }";

/// Bursts, between one state and another.
const MMPP: &str = "arrivals mmpp { state factor=1 mean=\"20s\"; STATE; hold \"1/s\" for=\"1s\" }";

/// The sample of a node, in a workload that has all it needs.
fn around(inside: &str, name: &str, sample: &str) -> String {
    let open = |inner: &str| format!("{}scenario s {{ behavior buyer; {inner} }}\n", head());
    let even = "arrivals even { hold \"10/s\" for=\"1m\" }";
    match (inside, name) {
        ("", "throng") => format!("{sample}\n{}{OPEN}", head().replace("throng 1\n", "")),
        ("", "behavior") => format!("throng 1\ntarget t noop\n{sample}\n{OPEN}"),
        ("", "target") => {
            format!("throng 1\nbehavior buyer {{ http GET \"/\" name=home }}\n{sample}\n{OPEN}")
        }
        ("", "scenario") => format!("{}{sample}\n", head()),
        ("", "service") => format!("{}{OPEN}{}\n", head(), sample.replace("shop", "t")),
        ("", _) => format!("{}{OPEN}{sample}\n", head()),
        ("target", "tls") => {
            around("target tls", "", sample.trim_start_matches("tls {").trim_end_matches('}'))
        }
        ("target tls", _) => {
            let target = format!("target t \"https://h\" {{ tls {{ {sample} }} }}");
            format!("throng 1\n{target}\nbehavior buyer {{ http GET \"/\" name=home }}\n{OPEN}")
        }
        ("target", _) => {
            let target = format!("target t \"http://h\" {{ {sample} }}");
            format!("throng 1\n{target}\nbehavior buyer {{ http GET \"/\" name=home }}\n{OPEN}")
        }
        ("scenario", "behavior") => format!("{}scenario s {{ {sample}; {even} }}\n", head()),
        ("scenario", "arrivals" | "population") => open(sample),
        ("scenario arrivals mmpp", _) => open(&MMPP.replace("STATE", sample)),
        ("scenario pace hyperexponential", _) => open(&PACED.replace("PHASE", sample)),
        ("scenario", "pace") => open(&format!("population {{ hold 1 for=\"1s\" }}; {sample}")),
        ("scenario" | "scenario overflow", _) => open(&format!("{even}; {sample}")),
        (http, _) if http.starts_with("behavior http") => {
            let inner = match http.rsplit(' ').next() {
                Some(node @ ("expect" | "multipart")) => format!("{node} {{ {sample} }}"),
                _ => sample.to_owned(),
            };
            let step = format!("set basket 7\nhttp POST \"/\" name=home {{ {inner} }}");
            format!("throng 1\ntarget t \"http://h\"\nbehavior buyer {{\n{step}\n}}\n{OPEN}")
        }
        ("behavior noop", _) => {
            format!("throng 1\ntarget t noop\nbehavior buyer {{ noop name=home {{ {sample} }} }}\n{OPEN}")
        }
        ("behavior parallel", _) => {
            format!("throng 1\ntarget t noop\nbehavior buyer {{ parallel {{ {sample} }} }}\n{OPEN}")
        }
        ("behavior choose", _) => {
            format!("throng 1\ntarget t noop\nbehavior buyer {{ choose {{ {sample} }} }}\n{OPEN}")
        }
        ("behavior think hyperexponential", _) => {
            let think = format!("think hyperexponential {{ {sample} }}; noop name=home");
            format!("throng 1\ntarget t noop\nbehavior buyer {{ {think} }}\n{OPEN}")
        }
        ("service time hyperexponential", _) => {
            format!("{}{OPEN}service t {{ time hyperexponential {{ {sample} }} }}\n", head())
        }
        ("listener otlp", _) => format!("{}{OPEN}listener otlp \"http://h:4318\" {{ {sample} }}\n", head()),
        ("sweep", _) => format!("{}{SWEPT}sweep {{ {sample} }}\n", head()),
        ("generator", _) => format!("{}{OPEN}generator {{ {sample} }}\n", head()),
        ("service step time hyperexponential", _) => {
            let step = format!("step home {{ time hyperexponential {{ {sample} }} }}");
            format!("{}{OPEN}service t {{ time constant \"1ms\"; {step} }}\n", head())
        }
        ("service step", _) => {
            format!("{}{OPEN}service t {{ time constant \"1ms\"; step home {{ {sample} }} }}\n", head())
        }
        ("service", "calls") => {
            let callee = "service db { time constant \"1ms\" }";
            format!("{}{OPEN}service t {{ time constant \"1ms\"; {sample} }}\n{callee}\n", head())
        }
        ("service", "time") => format!("{}{OPEN}service t {{ {sample} }}\n", head()),
        ("service", _) => format!("{}{OPEN}service t {{ time constant \"1ms\"; {sample} }}\n", head()),
        other => panic!("no workload around {other:?}"),
    }
}

#[test]
fn every_sample_of_the_table_loads() {
    // Samples of TLS and of uploads name files, which have to be there.
    let directory = tempfile::tempdir().expect("a directory can be made");
    let client = Authority::new().for_client("ann");
    for (name, text) in [
        ("ca.pem", &client.certificate),
        ("cert.pem", &client.certificate),
        ("key.pem", &client.key),
        ("photo.png", &client.key),
    ] {
        std::fs::write(directory.path().join(name), text).expect("a file can be written");
    }
    for node in CORE.iter().filter(|node| node.spec.name != "include") {
        let text = around(node.inside, node.spec.name, node.spec.sample);
        let path = directory.path().join("w.kdl");
        if let Err(refused) = load(&path, text.as_bytes(), &Registry::default(), &Overrides::default()) {
            panic!("{} {}: {text}\n{:#?}", node.inside, node.spec.name, refused.problems);
        }
    }
}

#[test]
fn the_sample_of_include_loads_beside_the_file_that_it_names() {
    let include = CORE.iter().find(|node| node.spec.name == "include").expect("it is in the table");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let write = |name: &str, text: String| {
        std::fs::write(directory.path().join(name), text).expect("it can be written");
    };
    write("base.kdl", head());
    write("w.kdl", format!("throng 1\n{}\n{OPEN}", include.spec.sample));
    let loaded = load_file(&directory.path().join("w.kdl"), &Registry::default(), &Overrides::default());
    assert!(loaded.is_ok(), "{:#?}", loaded.err().map(|refused| refused.problems));
}

#[test]
fn rules_keep_their_words_and_roles() {
    let text = format!(
        "{}{OPEN}stop-when {{\n  elapsed   \"15m\"\n  backlog /* so many */ above=10 /- outcome=passed\n}}\n\
         require {{ response p=99   below=#\"1ms\"# step=\"home\" }}\n",
        head()
    );
    let rules = loaded(&text).workload.rules;
    let texts: Vec<&str> = rules.iter().map(|rule| rule.condition.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "stop-when elapsed \"15m\"",
            "stop-when backlog above=10",
            "require response p=99 below=#\"1ms\"# step=\"home\"",
            "require rate scenario=crowd at-least=\"99%\"",
        ]
    );
    let asked: Vec<String> = rules.iter().map(|rule| format!("{:?}", rule.condition.role)).collect();
    assert_eq!(asked, ["StopWhen(Passed)", "StopWhen(Failed)", "Require", "Require"]);
}

#[test]
fn a_rate_rule_of_ones_own_replaces_the_implicit_one() {
    let count = |rules: &str| loaded(&format!("{}{OPEN}{rules}", head())).workload.rules.len();
    assert_eq!(count("require { rate scenario=crowd at-least=\"90%\" }"), 1);
    assert_eq!(count("require { rate at-least=\"90%\" }"), 1);
    assert_eq!(count("stop-when { backlog above=1 }"), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_breaks_the_loader(parts in prop::collection::vec(prop::sample::select(PARTS), 0..60)) {
        let text = parts.concat();
        if let Err(refused) = load_text(&text) {
            prop_assert!(!refused.problems.is_empty());
            let style = throng::loader::Style::PLAIN;
            let shown = throng::loader::render(
                &refused.problems,
                &refused.sources,
                throng::loader::Severity::Error,
                style,
            );
            prop_assert!(shown.contains(refused.problems[0].code));
        }
    }

    #[test]
    fn no_text_breaks_what_editors_ask(parts in prop::collection::vec(prop::sample::select(PARTS), 0..40)) {
        let text = parts.concat();
        let nodes = written(&text);
        prop_assert!(nodes.iter().all(|node| text.get(node.range.clone()).is_some()), "{}", text);
        for byte in (0..=text.len()).filter(|byte| text.is_char_boundary(*byte)) {
            let Some(cursor) = cursor(&text, byte) else { continue };
            prop_assert!(text.get(cursor.word.clone()).is_some(), "{}: {:?}", text, cursor);
        }
        match format(Path::new("w.kdl"), text.as_bytes()) {
            Ok(once) => {
                let twice = format(Path::new("w.kdl"), once.as_bytes());
                prop_assert_eq!(Ok(once), twice);
            }
            Err(FormatError::Refused(refused)) => prop_assert!(!refused.problems.is_empty()),
            Err(FormatError::MeaningLost) => prop_assert!(false, "its meaning would be lost:\n{}", text),
        }
    }

    #[test]
    fn no_bytes_break_the_loader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let result = load(Path::new("w.kdl"), &bytes, &Registry::default(), &Overrides::default());
        prop_assert!(result.is_err());
    }
}

/// Pieces of workloads, whole and broken.
const PARTS: &[&str] = &[
    "throng 1\n",
    "seed",
    " 42",
    "tick ",
    "\"10ms\"",
    " look-ahead=",
    "2",
    "\n",
    ";",
    " { ",
    " }",
    "target t noop\n",
    "target ",
    "shop ",
    "\"http://é\"",
    "behavior b { noop name=x }\n",
    "behavior ",
    "b",
    "scenario s { behavior b\n",
    "arrivals even { hold \"1/s\" for=\"1m\" }\n",
    "population { hold 2 }\n",
    "stop-when {",
    "require {",
    " response p=99 below=\"1ms\"",
    " rate at-least=\"99%\"",
    "listener ",
    "file ",
    "30s",
    "200/s",
    ".5",
    "true",
    "#nan",
    "99999999999999999999999999999999999999999999",
    "\"",
    "\"\"\"",
    "#\"",
    "\"#",
    "/-",
    "/*",
    "*/",
    "//",
    "\\",
    "=",
    "(u8)",
    "${x}",
    "users min=5 max=2\n",
    "overflow queue limit=",
    "service t { time constant \"1ms\" }\n",
    "-1",
    "\u{feff}",
];
