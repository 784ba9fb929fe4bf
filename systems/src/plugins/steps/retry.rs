//! `retry`, inside a step that reaches for a target: tries it once more where it failed.
//!
//! ```kdl
//! noop name=x { retry 3 backoff="100ms" factor=2 most="5s" jitter="20%" on="5xx timeout" }
//! ```

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Scalar, Span, ValueKind, did_you_mean,
};

use crate::behavior::{Compiler, Failure, Retry};

/// Tries of one step after its first, at most.
const TIMES_MOST: u64 = 100;

/// `retry`, in a step.
pub const RETRY: NodeSpec = NodeSpec {
    name: "retry",
    summary: "Tries the step again where it failed; its response time runs until the last try has ended.",
    sample: "retry 3 backoff=\"100ms\" factor=2 most=\"5s\" jitter=\"20%\" on=\"5xx timeout\"",
    arguments: &[ArgumentSpec {
        name: "times",
        kind: ValueKind::Count,
        required: true,
        summary: "How many more tries follow the first one, at most; 1 to 100.",
    }],
    properties: &[
        FieldSpec {
            name: "backoff",
            kind: ValueKind::Duration,
            default: "100ms",
            summary: "How long to wait before the second try.",
        },
        FieldSpec {
            name: "factor",
            kind: ValueKind::Number,
            default: "2",
            summary: "How many times longer each wait is than the one before.",
        },
        FieldSpec {
            name: "most",
            kind: ValueKind::Duration,
            default: "30s",
            summary: "The longest wait: as long as a try may take by default.",
        },
        FieldSpec {
            name: "jitter",
            kind: ValueKind::Share,
            default: "0%",
            summary: "How far a wait may be off, either way, so that users that failed together do not come back together.",
        },
        FieldSpec {
            name: "on",
            kind: ValueKind::Text,
            default: "",
            summary: "Which failures are tried again: statuses (503), hundreds of them (5xx), error types (timeout), \
                      with blanks between; all without it.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// A mistake in what is tried again.
#[derive(Debug)]
enum RetryMistake {
    UnknownFailure { span: Span, name: String },
}

impl Mistake for RetryMistake {
    fn code(&self) -> &'static str {
        "T0209"
    }

    fn message(&self) -> String {
        let Self::UnknownFailure { name, .. } = self;
        format!("`{name}` is no failure that could be tried again")
    }

    fn labels(&self) -> Vec<Label> {
        let Self::UnknownFailure { span, .. } = self;
        vec![Label::new(*span, "no status, no error type")]
    }

    fn help(&self) -> Option<String> {
        let Self::UnknownFailure { name, .. } = self;
        let mut known: Vec<&str> =
            ErrorType::NAMED.iter().map(|(_, slug)| *slug).filter(may_follow).collect();
        known.extend(["503", "5xx"]);
        did_you_mean(name, &known)
    }
}

/// Whether another try can come out better: what was never sent would fail again, what is no step's failure has no try.
fn may_follow(slug: &&str) -> bool {
    const NEVER: &[ErrorType] = &[
        ErrorType::UNSET_VARIABLE,
        ErrorType::EXPRESSION,
        ErrorType::BAD_REQUEST,
        ErrorType::LOOP_LIMIT,
        ErrorType::CONDITION,
        ErrorType::REPEAT_TIMES,
    ];
    !ErrorType::NAMED.iter().any(|(error, known)| known == slug && NEVER.contains(error))
}

/// Reads the `retry` of a step, when it has one.
pub(super) fn read(fields: &mut Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Retry> {
    let node = fields.child("retry")?;
    let mut retry = Fields::of(node, &RETRY, 0);
    let times = retry.count_argument(0, 1, TIMES_MOST);
    let backoff = retry.duration("backoff").unwrap_or(Nanos::from_millis(100));
    let factor = retry.number("factor", 1.0, 1_000.0).unwrap_or(2.0);
    let most = retry.duration("most").unwrap_or(Nanos::from_secs(30));
    let jitter = retry.share("jitter").map_or(0.0, |share| share.0);
    let on = failures(node, &mut retry);
    let read = retry.finish(times);
    let times = u8::try_from(fields.take(read)?).ok()?;
    let slot = compiler.hidden_variable(node.name.span);
    Some(Retry { times, backoff, factor, most, jitter, on, slot })
}

/// The failures of `on=`, by word.
fn failures(node: &Node, fields: &mut Fields<'_>) -> Vec<Failure> {
    let Some(text) = fields.text("on") else { return Vec::new() };
    let mut found = Vec::new();
    let mut position = 0;
    for word in text.value.split(' ') {
        let start = position;
        position += word.len() + 1;
        match failure(word) {
            _ if word.is_empty() => {}
            Some(failure) => found.push(failure),
            None => {
                let span = place(node, start, word.len()).unwrap_or(text.span);
                fields.problem(RetryMistake::UnknownFailure { span, name: word.to_owned() });
            }
        }
    }
    found
}

fn failure(word: &str) -> Option<Failure> {
    if let Some(hundred) = word.strip_suffix("xx") {
        let hundred: u16 = hundred.parse().ok()?;
        return (1..=5).contains(&hundred).then_some(Failure::Hundred(hundred));
    }
    if let Ok(status) = word.parse::<u16>() {
        return (100..=599).contains(&status).then_some(Failure::One(ErrorType::status(status)));
    }
    let named = ErrorType::NAMED.iter().find(|(_, slug)| *slug == word && may_follow(slug));
    named.map(|(error, _)| Failure::One(*error))
}

/// Where a word of `on=` stands, when the file holds the text byte for byte.
fn place(node: &Node, start: usize, length: usize) -> Option<Span> {
    let entry = node.property("on")?;
    let Scalar::Text(text) = &entry.value else { return None };
    let (start, length) = (u32::try_from(start).ok()?, u32::try_from(length).ok()?);
    let whole = usize::try_from(entry.content.length).ok()? == text.len();
    whole.then_some(Span { start: entry.content.start + start, length, ..entry.content })
}
