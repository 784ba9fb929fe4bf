//! Shared connections that hold a run to fewer threads than it would have.

use throng_components::workload::{Label, Mistake, Node, Scalar, Span};

/// A thread needs a connection of its own, for the bound is exact: so a small bound takes threads away.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FewerThreads {
    /// The value of `limit=`.
    limit: Span,
    /// How many threads it leaves.
    left: u16,
    /// How many there would be.
    threads: u16,
    /// Where that is written; else this machine says so.
    written: Option<Span>,
}

impl Mistake for FewerThreads {
    fn code(&self) -> &'static str {
        "T0132"
    }

    fn message(&self) -> String {
        let left = if self.left == 1 { "one thread".to_owned() } else { format!("{} threads", self.left) };
        format!("the run has {left} instead of {}, for so few shared connections", self.threads)
    }

    fn labels(&self) -> Vec<Label> {
        let mut labels = vec![Label::new(self.limit, "each thread needs one of them for itself")];
        labels.extend(self.written.map(|span| Label::new(span, "so many were asked for")));
        labels
    }

    fn help(&self) -> Option<String> {
        Some(format!("raise the limit to {} or more, or say `threads {}`", self.threads, self.left))
    }
}

/// The warning about the target that leaves a run the fewest threads, when it leaves fewer than the run would have: as
/// many as `threads` says, else as `cores` does.
pub(super) fn find(targets: &[&Node], threads: Option<&Node>, cores: Option<u16>) -> Option<FewerThreads> {
    let number = threads.and_then(|node| node.arguments.first());
    let asked = match number.map(|entry| &entry.value) {
        Some(Scalar::Integer(number)) => u16::try_from(*number).ok(),
        Some(_) => None,
        None => cores,
    }?;
    let limits = targets.iter().flat_map(|target| target.children_named("connections"));
    let limits = limits.filter_map(|connections| {
        let entry = connections.property("limit")?;
        match entry.value {
            Scalar::Integer(limit) => Some((u16::try_from(limit).ok()?, entry.span)),
            _ => None,
        }
    });
    let (left, limit) = limits.min_by_key(|(limit, _)| *limit)?;
    let written = number.map(|entry| entry.span);
    (left < asked).then_some(FewerThreads { limit, left, threads: asked, written })
}
