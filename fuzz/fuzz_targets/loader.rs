//! Loads whatever bytes come as a workload, with values from outside, and shows what is wrong in it.
//!
//! What stands behind a line `---` is set with `--set`, one `NAME=VALUE` a line. The one secret of the environment must
//! not be seen in any message.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use throng::loader::{Environment, Overrides, Registry, Severity, Style, load, render, render_json};

/// No workload could spell it by chance, so that it comes from the environment wherever it is seen.
const SECRET: &str = "xyzzy-7f3a9c";

fn sets(options: &str) -> Vec<(String, String)> {
    let pairs = options.lines().filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let parting = b"\n---\n";
    let at = bytes.windows(parting.len()).position(|window| window == parting);
    let (text, options) = at.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + parting.len()..]));
    let environment = Environment::default().with("TOKEN", SECRET).with("THRONG_PARAM_PEAK", "7/s");
    let sets = sets(&String::from_utf8_lossy(options));
    let overrides = Overrides { sets, environment, ..Overrides::default() };
    // Nothing lies beside the workload, so that an `include` finds nothing.
    let (problems, sources, severity) =
        match load(Path::new("/nowhere/fuzz.kdl"), text, &Registry::default(), &overrides) {
            Ok(loaded) => (loaded.warnings, loaded.sources, Severity::Warning),
            Err(refused) => {
                assert!(!refused.problems.is_empty(), "refused without a problem");
                (refused.problems, refused.sources, Severity::Error)
            }
        };
    let shown = render(&problems, &sources, severity, Style::PLAIN);
    let objects = render_json(&problems, &sources, severity);
    assert!(!shown.contains(SECRET) && !objects.contains(SECRET), "a message shows a secret:\n{shown}");
});
