//! Words of other load generators, and what stands for them here: for help alone, nothing is read by them.

/// A foreign word, and the words of which one is meant by it, the likeliest first.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("assert", &["expect"]),
    ("base-url", &["target"]),
    ("capture", &["save"]),
    ("check", &["expect"]),
    ("checks", &["expect"]),
    ("constant", &["even"]),
    ("constant-arrival-rate", &["even"]),
    ("cooldown", &["drain"]),
    ("delay", &["think"]),
    ("delete", &["http"]),
    ("duration", &["for", "over", "arrivals"]),
    ("endpoint", &["target"]),
    ("exec", &["behavior"]),
    ("executor", &["arrivals"]),
    ("extract", &["save"]),
    ("feeder", &["data", "param"]),
    ("flow", &["behavior"]),
    ("for", &["repeat"]),
    ("foreach", &["repeat"]),
    ("get", &["http"]),
    ("graceful-stop", &["drain"]),
    ("head", &["http"]),
    ("headers", &["header"]),
    ("host", &["target"]),
    ("if", &["when"]),
    ("inject", &["arrivals"]),
    ("let", &["set"]),
    ("loop", &["repeat"]),
    ("options", &["scenario", "http"]),
    ("output", &["listener"]),
    ("patch", &["http"]),
    ("pause", &["think"]),
    ("post", &["http"]),
    ("put", &["http"]),
    ("ramp-up", &["ramp"]),
    ("ramping", &["ramp"]),
    ("rate", &["hold", "arrivals"]),
    ("request", &["http"]),
    ("rps", &["hold", "arrivals"]),
    ("sleep", &["think"]),
    ("spawn-rate", &["arrivals"]),
    ("stage", &["ramp"]),
    ("stages", &["arrivals"]),
    ("status", &["expect"]),
    ("switch", &["choose"]),
    ("task", &["behavior"]),
    ("tasks", &["behavior"]),
    ("threshold", &["require"]),
    ("thresholds", &["require"]),
    ("transaction", &["group"]),
    ("url", &["target"]),
    ("user", &["behavior"]),
    ("var", &["set", "param"]),
    ("variable", &["set", "param"]),
    ("variables", &["param"]),
    ("vus", &["population", "users"]),
    ("wait", &["think"]),
];

/// The known word that stands for a foreign one.
pub(super) fn meant_by(foreign: &str, known: &[&str]) -> Option<&'static str> {
    // Elsewhere a method is called, or the words are joined in other ways.
    let plain = foreign.strip_prefix("http.").unwrap_or(foreign).replace('_', "-").to_ascii_lowercase();
    let (_, meant) = ELSEWHERE.iter().find(|(word, _)| *word == plain)?;
    meant.iter().copied().find(|word| known.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_word_finds_the_one_that_may_stand_there() {
        let check = |word: &str, known: &[&str], expected: Option<&str>| {
            assert_eq!(meant_by(word, known), expected, "{word}");
        };
        check("vus", &["users", "population"], Some("population"));
        check("vus", &["users"], Some("users"));
        check("http.get", &["http"], Some("http"));
        check("graceful_stop", &["drain"], Some("drain"));
        check("sleep", &["http"], None);
        check("nonsense", &["http"], None);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(ELSEWHERE.is_sorted_by(|one, next| one.0 < next.0));
    }
}
