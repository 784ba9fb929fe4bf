//! The invariants of the design and the limits of the house, as checks over the text of the tree.
//!
//! A rule that the compiler or clippy can hold stands there. Here is what they cannot see: who may name what, where
//! things stand, how long they are. Rows of [`RULES`] read: in these places, but not in those, none of these words.

use std::fs;
use std::path::{Path, PathBuf};

/// Words that must not stand in some places.
struct Rule {
    /// What holds.
    holds: &'static str,
    /// Paths that begin so are looked at.
    within: &'static [&'static str],
    /// Of these, paths that begin so are not.
    except: &'static [&'static str],
    /// What must not be found, as whole words.
    words: &'static [&'static str],
}

const ALL_CODE: &[&str] = &["components/", "systems/", "engine/", "examples/"];
const PURE: &[&str] = &["systems/src/shard", "systems/src/behavior"];

const RULES: &[Rule] = &[
    Rule {
        holds: "only the loader names the kdl crate",
        within: ALL_CODE,
        except: &["engine/src/loader"],
        words: &["kdl::", "use kdl"],
    },
    Rule {
        holds: "only the OTLP listener names opentelemetry",
        within: ALL_CODE,
        except: &["systems/src/plugins/listeners/otlp"],
        words: &["opentelemetry", "opentelemetry_sdk", "opentelemetry_otlp", "opentelemetry_proto"],
    },
    Rule {
        holds: "components are data: no I/O, no clock, no threads, no system",
        within: &["components/"],
        except: &[],
        words: &[
            "tokio",
            "hyper",
            "kdl::",
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::thread",
            "std::process",
            "Instant",
            "SystemTime",
            "bevy_ecs::system",
        ],
    },
    Rule {
        holds: "shards and machines do no I/O and read no clock",
        within: PURE,
        except: &[],
        words: &[
            "tokio",
            "hyper",
            "std::fs",
            "std::net",
            "std::io",
            "std::env",
            "std::thread",
            "std::process",
            "Instant",
            "SystemTime",
        ],
    },
    Rule {
        holds: "a shard knows no world",
        within: PURE,
        except: &[],
        words: &["bevy_ecs::world", "bevy_ecs::system", "Query<", "Commands<"],
    },
    Rule {
        holds: "systems reach nothing outside; drivers, protocols and listeners hold what the engine gave them",
        within: &["systems/"],
        except: &["systems/src/drivers", "systems/src/plugins/protocols", "systems/src/plugins/listeners"],
        words: &["tokio", "hyper", "std::fs", "std::net", "std::env", "std::thread", "std::process"],
    },
    Rule {
        holds: "only the engine's clock reads the machine's",
        within: ALL_CODE,
        except: &[
            "engine/src/clock.rs",
            // How long a thread was busy is CPU time, not a time of day or of the run.
            "systems/src/drivers/thread/busy.rs",
            // A runtime's timers know their own instants only; nothing that is measured is made of them.
            "systems/src/plugins/listeners/otlp/moment.rs",
        ],
        words: &["Instant::now", "SystemTime::now", "Timestamp::now", "clock_gettime"],
    },
    Rule {
        holds: "there is no unsafe code",
        within: &["components/", "systems/", "engine/", "examples/", "tests/src"],
        except: &[],
        words: &["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern"],
    },
    Rule {
        holds: "every queue has a bound",
        within: &["components/", "systems/", "engine/", "examples/", "tests/src"],
        except: &[],
        words: &["unbounded(", "unbounded::<", "unbounded_channel", "mpsc::channel()", "mpsc::channel::<"],
    },
    Rule {
        holds: "randomness is a function of the seed",
        within: ALL_CODE,
        except: &[],
        words: &["rand::", "fastrand", "getrandom", "RandomState"],
    },
];

/// Which crates of the tree a crate may use: those in front of it, and only what users see where it is a user.
const USED_BY_ORDER: &[(&str, &[&str])] = &[
    ("components", &[]),
    ("systems", &["throng-components"]),
    ("engine", &["throng-components", "throng-systems"]),
    ("examples", &["throng"]),
    ("tests", &["throng", "throng-components", "throng-systems"]),
];

/// Files in a family's folder that are no plug-ins but parts that several of them share.
const SHARED_PARTS: &[&str] = &[
    "arrivals/renewal",
    "arrivals/stages",
    "exit_conditions/compared",
    "exit_conditions/window",
    "laws/settings",
    "protocols/exchange",
    "protocols/function",
    "queues/row",
    "steps/condition",
    "steps/function",
    "steps/properties",
    "steps/retry",
    "steps/sending",
];

/// `lib.rs` and `mod.rs` files that may hold functions, and why.
const WITH_FUNCTIONS: &[(&str, &str)] = &[
    ("systems/src/lib.rs", "orders the phases, in one place"),
    ("engine/src/cli/mod.rs", "the table of commands calls them"),
];

/// Lines of a file, its tests left out.
const LONGEST_FILE: usize = 400;

/// Lines of an example, all told.
const LONGEST_EXAMPLE: usize = 60;

/// One file of the tree.
struct Source {
    /// From the root, with `/`.
    path: String,
    text: String,
}

impl Source {
    /// Whether all of it is tests.
    fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || self.path.starts_with("tests/tests")
    }

    /// The lines that are not tests: items behind `#[cfg(test)]` are left out.
    fn lines(&self) -> Vec<&str> {
        let mut kept = Vec::new();
        let mut lines = self.text.lines();
        while let Some(line) = lines.next() {
            if line != "#[cfg(test)]" {
                kept.push(line);
                continue;
            }
            let mut item = lines.by_ref().skip_while(|line| line.starts_with("#["));
            // `mod tests;` is one line, `mod tests {` ends with the brace that closes it.
            if item.next().is_some_and(|first| !first.ends_with(';') && !first.ends_with('}')) {
                item.find(|line| *line == "}");
            }
        }
        kept
    }

    /// The lines that are not tests, without comments.
    fn code(&self) -> String {
        let code = self.lines().into_iter().map(|line| match line.find("//") {
            // Two slashes within an address are none that begin a comment.
            Some(start) if !line[..start].ends_with(':') => &line[..start],
            _ => line,
        });
        code.collect::<Vec<_>>().join("\n")
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All files below a folder with that ending, in the order of their names.
fn files(folder: &str, ending: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(root().join(&folder)) else { continue };
        for entry in entries.map(|entry| entry.expect("a folder can be read")) {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.ends_with(ending) {
                found.push(Source { text: read(&path), path });
            }
        }
    }
    found.sort_by(|left, right| left.path.cmp(&right.path));
    found
}

fn sources() -> Vec<Source> {
    let crates = USED_BY_ORDER.iter().map(|(folder, _)| *folder);
    let found: Vec<_> = crates.flat_map(|folder| files(folder, ".rs")).collect();
    assert!(found.len() > 30, "only {} files were found: the check looks in the wrong place", found.len());
    found
}

fn assert_none(broken: &[String]) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// Whether `word` stands in a text and is not a part of a longer name.
fn has_word(text: &str, word: &str) -> bool {
    let in_name = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(start, _)| {
        let begins = !word.starts_with(in_name) || !text[..start].ends_with(in_name);
        let ends = !word.ends_with(in_name) || !text[start + word.len()..].starts_with(in_name);
        begins && ends
    })
}

fn violations(rule: &Rule, source: &Source) -> Vec<String> {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| source.path.starts_with(prefix));
    if !starts(rule.within) || starts(rule.except) || source.is_test() {
        return Vec::new();
    }
    let code = source.code();
    let found = rule.words.iter().filter(|word| has_word(&code, word));
    found.map(|word| format!("{}: names `{word}`, but {}", source.path, rule.holds)).collect()
}

#[test]
fn nothing_is_named_where_it_must_not_be() {
    let sources = sources();
    let broken = RULES.iter().flat_map(|rule| sources.iter().flat_map(|source| violations(rule, source)));
    assert_none(&broken.collect::<Vec<_>>());
}

#[test]
fn a_rule_sees_code_and_neither_tests_nor_comments() {
    let check = |text: &str, expected: usize| {
        let source = Source { path: "components/src/x.rs".to_owned(), text: text.to_owned() };
        let found: Vec<_> = RULES.iter().flat_map(|rule| violations(rule, &source)).collect();
        assert_eq!(found.len(), expected, "{text}: {found:?}");
    };
    check("use tokio::net;", 1);
    check("let x = kdl::KdlDocument::new(); unsafe {}", 3);
    check("// tokio\nlet tokio_like = \"http://tokio_\";", 0);
    check("#[cfg(test)]\nmod tests {\n    use tokio::net;\n}", 0);
    check("#[cfg(test)]\nmod tests;\nuse tokio::net;", 1);
    check("let now = Instant::now();", 2);
    check("struct InstantOf;", 0);
}

#[test]
fn crates_use_only_those_in_front_of_them() {
    let mut broken = Vec::new();
    for (folder, allowed) in USED_BY_ORDER {
        let manifest = read(&format!("{folder}/Cargo.toml"));
        let names = manifest.lines().filter_map(|line| line.split(['.', '=', ' ']).next());
        for name in names.filter(|name| *name == "throng" || name.starts_with("throng-")) {
            if !allowed.contains(&name) {
                broken
                    .push(format!("{folder}/Cargo.toml: uses `{name}`, but the order is {USED_BY_ORDER:?}"));
            }
        }
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{folder}/Cargo.toml has not the workspace's lints"
        );
    }
    assert_none(&broken);
}

#[test]
fn files_are_short() {
    let sources = sources();
    let code = sources.iter().filter(|source| !source.is_test());
    let long = code.filter(|source| source.lines().len() > LONGEST_FILE);
    let long = long.map(|source| {
        let lines = source.lines().len();
        format!("{}: {lines} lines without tests, of {LONGEST_FILE}: one idea a file", source.path)
    });
    assert_none(&long.collect::<Vec<_>>());
}

#[test]
fn examples_are_short_and_say_how_to_see_them() {
    let mut broken = Vec::new();
    for example in files("examples/src/bin", ".rs") {
        let (lines, name) = (example.text.lines().count(), example.path.trim_end_matches(".rs"));
        let name = name.rsplit('/').next().unwrap_or_default();
        if lines > LONGEST_EXAMPLE {
            broken.push(format!("{}: {lines} lines, of {LONGEST_EXAMPLE}: one idea a file", example.path));
        }
        let command = format!("--bin {name}");
        if !example.text.lines().take(3).any(|line| has_word(line, &command)) {
            broken.push(format!("{}: its head does not say how to see it: `{command}`", example.path));
        }
    }
    assert_none(&broken);
}

#[test]
fn files_open_with_what_they_are() {
    let sources = sources();
    let silent = sources.iter().filter(|source| !source.text.starts_with("//! "));
    assert_none(
        &silent.map(|source| format!("{}: does not open with `//! `", source.path)).collect::<Vec<_>>(),
    );
}

#[test]
fn lib_and_mod_files_hold_no_functions() {
    let mut broken = Vec::new();
    for source in sources() {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let may = WITH_FUNCTIONS.iter().any(|(path, _)| *path == source.path);
        if !["lib.rs", "mod.rs"].contains(&name) || may || source.path.starts_with("tests/") {
            continue;
        }
        let functions = source.lines().into_iter().filter(|line| {
            let line = line.strip_prefix("pub(crate) ").or(line.strip_prefix("pub ")).unwrap_or(line);
            ["fn ", "const fn ", "async fn "].iter().any(|start| line.starts_with(start))
        });
        broken.extend(functions.map(|line| format!("{}: holds `{line}`; give it a file", source.path)));
    }
    assert_none(&broken);
}

/// A plug-in's file: `poisson.rs`, `otlp/mod.rs` or `otlp.rs` beside a folder, as `(family, name, text)`.
fn plugin_files() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for source in files("systems/src/plugins", ".rs") {
        let Some(inner) = source.path.strip_prefix("systems/src/plugins/") else { continue };
        let parts: Vec<_> = inner.trim_end_matches(".rs").split('/').collect();
        match *parts.as_slice() {
            [family, name] | [family, name, "mod"] if name != "mod" => {
                found.push((family.to_owned(), name.to_owned(), source.code()));
            }
            _ => {}
        }
    }
    found
}

#[test]
fn every_plugin_stands_in_its_table_and_has_a_sample() {
    let mut broken = Vec::new();
    for (family, name, code) in plugin_files() {
        let file = format!("{family}/{name}");
        let table =
            Source { path: String::new(), text: read(&format!("systems/src/plugins/{family}/mod.rs")) }
                .code();
        let registered = table.contains(&format!("Entry::of::<{name}::"));
        if SHARED_PARTS.contains(&file.as_str()) {
            continue;
        }
        if !registered {
            broken.push(format!("{file}: is not in `ALL` of its family, nor in SHARED_PARTS"));
        }
        if !code.contains("const SPEC: NodeSpec")
            || !code.contains("sample: ")
            || code.contains("sample: \"\"")
        {
            broken.push(format!("{file}: has no SPEC with a sample"));
        }
    }
    assert_none(&broken);
}

#[test]
fn every_table_entry_has_its_file() {
    let plugins = plugin_files();
    let mut broken = Vec::new();
    for source in files("systems/src/plugins", "/mod.rs") {
        let Some(family) =
            source.path.strip_prefix("systems/src/plugins/").and_then(|path| path.split('/').next())
        else {
            continue;
        };
        for entry in source.code().split("Entry::of::<").skip(1) {
            let name = entry.split("::").next().unwrap_or_default();
            if !plugins.iter().any(|(of, known, _)| of == family && known == name) {
                broken.push(format!("{family}: `{name}` is in the table and has no file"));
            }
        }
    }
    assert_none(&broken);
}

#[test]
fn every_plugin_is_used_by_a_workload() {
    let texts: Vec<_> =
        ["workloads", "examples", "tests"].iter().flat_map(|folder| files(folder, ".kdl")).collect();
    let mut broken = Vec::new();
    for (family, file, code) in plugin_files() {
        // A protocol is chosen by a target's address, not by a word of its own.
        let Some(spec) = code.split("const SPEC: NodeSpec").nth(1).filter(|_| family != "protocols") else {
            continue;
        };
        let Some(name) = spec.split("name: \"").nth(1).and_then(|rest| rest.split('"').next()) else {
            continue;
        };
        if !texts.iter().any(|workload| has_word(&workload.text, name)) {
            broken.push(format!("{family}/{file}: no workload uses `{name}`"));
        }
    }
    assert_none(&broken);
}

#[test]
fn every_workload_opens_with_its_purpose() {
    let workloads = files("workloads", ".kdl");
    assert!(!workloads.is_empty(), "there are no workloads");
    for workload in workloads {
        let mut lines = workload.text.lines();
        let first = lines.next().unwrap_or_default();
        let path = workload.path;
        assert!(
            first.starts_with("// ") && first.ends_with('.'),
            "{path}: opens with `{first}`, no line of purpose"
        );
        assert!(first.chars().count() <= 110, "{path}: its first line is longer than a line");
        assert!(lines.any(|line| line.starts_with("throng 1")), "{path}: names no format version");
    }
}
