//! The project's words: the README shows the same table, and a test holds the two together.

/// Words, those that are told apart together in one row, and what they mean.
pub(super) const GLOSSARY: &[(&str, &str)] = &[
    ("workload", "the KDL file: all that a run does"),
    ("target", "what the load goes to"),
    ("service", "what answers for a target in virtual time"),
    ("behaviour", "what a virtual user does in one iteration: a list of steps (`behavior` in a workload)"),
    ("step", "one thing that a user does; those that do I/O are measured under their name"),
    (
        "attempt",
        "one try of a step; `retry` allows several, and a step that fails unsent (an unset variable) has none",
    ),
    ("an attempt's phases", "what its time went into: looking a name up, connecting, TLS, first byte, body"),
    ("group", "steps that are timed together"),
    ("strand", "one of the things that a user does at one time: `parallel` has several"),
    ("iteration", "one pass of a user through its behaviour"),
    ("parameter", "a value with a name, which can be set from outside (`param`)"),
    ("scenario", "a behaviour and its load"),
    ("open, closed", "arrivals that do not wait for the service; users that do"),
    ("virtual user", "one member of the population; it does one iteration at a time"),
    ("token", "a permit for one iteration of an open scenario, due at an instant"),
    ("due, start, end", "when a step should have begun, when its I/O began, when it ended"),
    ("response time, service time", "due to end; start to end"),
    (
        "waiting, blocked, lateness",
        "why a start was late: no user free; no connection free; the generator itself",
    ),
    ("think", "a declared wait between steps"),
    (
        "warm-up, drain",
        "what results leave out at a scenario's start; how long what runs may go on at its end",
    ),
    ("steering", "what is asked of a run while it goes on: pause, resume, scale, stop"),
    (
        "point, replication",
        "one combination of the values that a sweep gives its parameters; one simulation of it, by a seed of its own",
    ),
    ("rule", "a line of `stop-when` or `require`"),
    ("outcome", "what the target did: passed, failed, interrupted"),
    ("verdict", "whether the generator's own figures can be trusted: valid, degraded, invalid"),
    (
        "valid, degraded, invalid",
        "verdicts: the schedule was kept; not all of it, which is a warning; so little of it that the figures say nothing of the target, which is exit code 90",
    ),
    ("asked/s, kept/s", "iterations a second: what the plan asks for on average; what was begun"),
    ("woke", "how late the generator's own threads were when they wanted to run"),
    ("listener", "where telemetry leaves the run"),
    ("world, shard, tick, phase", "see the two figures above"),
    ("underrun", "orders that reached a shard after something in them was due"),
    ("stall", "a time in which nothing of the generator ran although it was due: stopped, or without a core"),
    ("sample", "the record of one attempt or iteration"),
    ("measure", "values that a system or step of one's own records under a name"),
];

/// The row of a word, in the plural as well.
pub(super) fn meaning(word: &str) -> Option<&'static (&'static str, &'static str)> {
    let is = |known: &str| known == word || word.strip_suffix('s') == Some(known);
    GLOSSARY.iter().find(|(words, _)| words.split(", ").any(|known| is(known.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_the_same_words() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let readme = std::fs::read_to_string(path).expect("the README is there");
        let rows: Vec<String> =
            GLOSSARY.iter().map(|(words, meaning)| format!("| {words} | {meaning} |")).collect();
        let table = readme.split("| word | means |\n|---|---|\n").nth(1).unwrap_or("");
        let table = table.split("\n\n").next().unwrap_or("");
        assert_eq!(rows.join("\n"), table, "the README's table");
    }

    #[test]
    fn words_are_found_in_any_row() {
        for word in ["lateness", "blocked", "underruns", "verdict", "token", "due"] {
            assert!(meaning(word).is_some(), "{word}");
        }
        assert_eq!(meaning("nonsense"), None);
    }
}
