//! What failed steps are counted under: whose fault it is, and what to do about it. What each means stands with the type.

use throng_components::sample::ErrorType;

/// Whose fault a failure is, and what to do.
pub(super) struct Advice {
    /// Whose fault.
    pub(super) whose: &'static str,
    /// What to do.
    pub(super) what: &'static str,
}

/// The name, the meaning and the advice of every error type that has a name.
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str, Advice)> {
    let named = ErrorType::NAMED.iter().zip(ErrorType::MEANINGS);
    named.map(|((error, slug), meaning)| (*slug, *meaning, advice(*error)))
}

/// The status that a name is, where it is one that fails a step by itself.
pub(super) fn status(name: &str) -> Option<u16> {
    let status = name.parse().ok().filter(|status| (400..600).contains(status))?;
    (name.len() == 3).then_some(status)
}

/// Error types, whose fault they are, and what to do.
const ADVICE: &[(&[ErrorType], &str, &str)] = &[
    (
        &[ErrorType::TIMEOUT],
        "the target's, or the network's",
        "look at its load; `timeout` says how long a step waits",
    ),
    (
        &[ErrorType::CONNECTION_REFUSED],
        "the target's",
        "see that it runs and listens at the address of `target`, and that its backlog is not full",
    ),
    (
        &[ErrorType::CONNECTION_RESET, ErrorType::CONNECTION_CLOSED],
        "the target's",
        "look into its log, and at how long it keeps idle connections",
    ),
    (
        &[ErrorType::CONNECTION_FAILED],
        "this machine's or the network's",
        "see that there is a route, and that neither local ports nor descriptors (`ulimit -n`) run out",
    ),
    (&[ErrorType::DNS], "the workload's, or the resolver's", "check the name in `target`"),
    (
        &[ErrorType::PROTOCOL],
        "the target's",
        "see that it speaks HTTP/1.1 at that port, and `https` where it wants TLS",
    ),
    (&[ErrorType::BODY_TOO_LARGE], "the target's", "ask for less: a step reads so much and no more"),
    (
        &[
            ErrorType::UNEXPECTED_STATUS,
            ErrorType::UNEXPECTED_BODY,
            ErrorType::UNEXPECTED_HEADER,
            ErrorType::TOO_SLOW,
        ],
        "the target's, or the workload's",
        "compare the answer with what `expect` asks of it",
    ),
    (
        &[ErrorType::SAVE],
        "the target's, or the workload's",
        "look at the answer, and at the `save`; `default=` keeps the step from failing",
    ),
    (
        &[ErrorType::HTML_TOO_COMPLEX],
        "the target's",
        "save by `regex=` from pages of this size: they are too deep or have too many tags to be parsed under load",
    ),
    (
        &[ErrorType::UNSET_VARIABLE],
        "the workload's",
        "set the variable on every way to the step, or give its `save` a `default=`",
    ),
    (
        &[ErrorType::EXPRESSION, ErrorType::CONDITION, ErrorType::REPEAT_TIMES],
        "the workload's",
        "check the `${…}`, and what its variables hold by then",
    ),
    (&[ErrorType::BAD_REQUEST], "the workload's", "check what values become part of the path and the header"),
    (
        &[ErrorType::SERVICE_FAILED],
        "nobody's: the model has it so",
        "`fails` in the `service` says how often",
    ),
    (
        &[ErrorType::SERVICE_FULL],
        "the model's",
        "give the `service` more `servers` or a longer `queue`, or expect it",
    ),
    (
        &[ErrorType::TLS_EXPIRED, ErrorType::TLS_BAD_CERTIFICATE],
        "the target's",
        "have its certificate renewed or mended",
    ),
    (
        &[ErrorType::TLS_UNKNOWN_ISSUER],
        "the workload's, or the target's",
        "name the issuer's certificate with `roots` in the target's `tls`",
    ),
    (
        &[ErrorType::TLS_WRONG_NAME],
        "the workload's, or the target's",
        "use a name of the certificate in `target`, or `server-name` in its `tls`",
    ),
    (
        &[ErrorType::TLS_NOT_SPOKEN],
        "the workload's",
        "write `http://`, or the port at which the target speaks TLS",
    ),
    (
        &[ErrorType::TLS_CLOSED, ErrorType::TLS_ALERT, ErrorType::TLS_FAILED],
        "the target's, or the workload's",
        "look into its log; it may want a `client-certificate`",
    ),
    (
        &[ErrorType::PROXY_UNREACHABLE, ErrorType::PROXY_AUTHENTICATION],
        "the workload's",
        "check the target's `proxy`: its address, user and password",
    ),
    (
        &[ErrorType::PROXY_REFUSED, ErrorType::PROXY_FAILED],
        "the proxy's",
        "look into its log, and at what it lets through",
    ),
    (
        &[ErrorType::TOO_MANY_REDIRECTS, ErrorType::BAD_REDIRECT],
        "the target's",
        "look where it leads to; `redirects` says whether and how often a step follows",
    ),
    (&[ErrorType::BAD_ENCODING], "the target's", "compare the body with its `content-encoding`"),
    (
        &[ErrorType::LOOP_LIMIT],
        "the workload's, or the target's",
        "see why the condition of the `while` stays true",
    ),
    (
        &[ErrorType::FUNCTION_FAILED, ErrorType::PANICKED],
        "your own code's",
        "look into the function or protocol of that step",
    ),
];

fn advice(error: ErrorType) -> Advice {
    let found = ADVICE.iter().find(|(errors, ..)| errors.contains(&error));
    let (whose, what) = found.map_or(("", ""), |(_, whose, what)| (*whose, *what));
    Advice { whose, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_type_has_a_meaning_and_advice() {
        assert!(all().count() > 30);
        for (slug, meaning, Advice { whose, what }) in all() {
            assert!(meaning.ends_with('.') && !whose.is_empty() && !what.is_empty(), "{slug}");
        }
    }

    #[test]
    fn statuses_are_those_that_fail() {
        assert_eq!(["500", "404", "200", "0500", "x"].map(status), [Some(500), Some(404), None, None, None]);
    }
}
