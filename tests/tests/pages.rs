//! Every error code has a page whose samples are true: the wrong one yields the code, the right one loads.

use std::path::Path;

use throng::loader::{Loaded, MOST_BYTES, Overrides, PAGES, Page, Refused, Registry, load, load_file};

/// The fenced block of a language behind a word: `Wrong:` or `Right:`.
fn sample<'a>(page: &'a Page, word: &str) -> Option<&'a str> {
    let (_, after) = page.text.split_once(&format!("\n{word}:\n"))?;
    let block = after.trim_start().strip_prefix("```kdl\n")?;
    block.split_once("```").map(|(sample, _)| sample)
}

fn load_text(text: &[u8]) -> Result<Loaded, Refused> {
    load(Path::new("sample.kdl"), text, &Registry::default(), &Overrides::default())
}

/// The codes of problems, or of warnings when there is no problem.
fn codes(result: Result<Loaded, Refused>) -> Vec<&'static str> {
    let problems = match result {
        Ok(loaded) => loaded.warnings,
        Err(refused) => refused.problems,
    };
    problems.into_iter().map(|problem| problem.code).collect()
}

/// Mistakes that no sample in a page can show.
fn beyond_samples(code: &str) -> Option<Vec<&'static str>> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let registry = Registry::default();
    let read = |name: &str| codes(load_file(&directory.path().join(name), &registry, &Overrides::default()));
    Some(match code {
        "T0001" => read("missing.kdl"),
        "T0002" => read(""),
        "T0003" => codes(load_text(b"throng 1\n\xff")),
        "T0005" => codes(load_text(&vec![b' '; MOST_BYTES + 1])),
        "T0056" => codes(load_text(&[b"throng 1\n".to_vec(), b"target t noop\n".repeat(1001)].concat())),
        _ => return None,
    })
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
