//! What the process returns. CI knows 99, 104 and 105 from other tools: they mean the same here.

use throng_components::run::{Outcome, Verdict};

use crate::summary::{Summary, conservation};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// All is well; a run may still be degraded.
    Passed = 0,
    /// throng itself is at fault.
    Internal = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The generator did not keep its schedule: results say little about the target.
    Invalid = 90,
    /// A requirement did not hold, or a rule ended the run as failed.
    Failed = 99,
    /// The workload is wrong, or what has to be read cannot be.
    BadWorkload = 104,
    /// Somebody ended the run.
    Interrupted = 105,
    /// An output cannot be written, or a port is taken.
    Output = 106,
}

/// All of them by number, what `explain` calls them, and what they mean.
pub const EXIT_CODES: &[(ExitCode, &str, &str)] = &[
    (ExitCode::Passed, "exit-0", "passed; a `degraded` verdict alone is a warning"),
    (ExitCode::Internal, "exit-1", "throng itself is at fault"),
    (ExitCode::Usage, "exit-2", "the command line makes no sense"),
    (ExitCode::Invalid, "exit-90", "the verdict is `invalid`: the generator did not keep its schedule"),
    (
        ExitCode::Failed,
        "exit-99",
        "failed: a rule ended the run as failed, or a requirement did not hold; \
         for `fmt --check`, a file is not formatted",
    ),
    (ExitCode::BadWorkload, "exit-104", "the workload is wrong, or what has to be read cannot be"),
    (ExitCode::Interrupted, "exit-105", "interrupted"),
    (ExitCode::Output, "exit-106", "an output cannot be written, or a port is taken"),
];

impl ExitCode {
    /// What a run's summary amounts to. When several hold: 1, then 105, 90, 99.
    ///
    /// A target that is down is a result: it shows in rules, never here by itself.
    pub fn of(summary: &Summary) -> Self {
        if !conservation(summary).is_empty() {
            Self::Internal
        } else if summary.outcome == Outcome::Interrupted {
            Self::Interrupted
        } else if summary.verdict == Verdict::Invalid {
            Self::Invalid
        } else if summary.outcome == Outcome::Failed {
            Self::Failed
        } else {
            Self::Passed
        }
    }

    /// The number that the process returns.
    pub const fn number(self) -> u8 {
        self as u8
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{GeneratorSummary, Ordered};

    fn summary(outcome: Outcome, verdict: Verdict) -> Summary {
        Summary {
            version: crate::summary::VERSION,
            throng: String::new(),
            run_id: String::new(),
            workload: String::new(),
            workload_sha256: String::new(),
            seed: 1,
            clock: throng_components::clock::ClockKind::Virtual,
            speed: None,
            replay_of: None,
            params: Ordered::default(),
            started: String::new(),
            duration_ns: 0,
            outcome,
            stopped_by: None,
            verdict,
            verdict_reasons: Vec::new(),
            verdict_since_ns: None,
            scenarios: Ordered::default(),
            steps: Ordered::default(),
            groups: Ordered::default(),
            services: Ordered::default(),
            measures: Ordered::default(),
            measures_overflow: None,
            generator: GeneratorSummary::default(),
            rules: Vec::new(),
            listeners: Ordered::default(),
            controls: Vec::new(),
            gaps: Vec::new(),
        }
    }

    #[test]
    fn precedence_is_that_of_the_page() {
        let table = [
            (Outcome::Passed, Verdict::Valid, 0),
            (Outcome::Passed, Verdict::Degraded, 0),
            (Outcome::Passed, Verdict::Invalid, 90),
            (Outcome::Failed, Verdict::Degraded, 99),
            (Outcome::Failed, Verdict::Invalid, 90),
            (Outcome::Interrupted, Verdict::Invalid, 105),
        ];
        for (outcome, verdict, number) in table {
            assert_eq!(ExitCode::of(&summary(outcome, verdict)).number(), number, "{outcome:?} {verdict:?}");
        }
    }

    #[test]
    fn the_table_is_by_number() {
        let numbers: Vec<u8> = EXIT_CODES.iter().map(|(code, ..)| code.number()).collect();
        assert_eq!(numbers, [0, 1, 2, 90, 99, 104, 105, 106]);
        for (code, name, _) in EXIT_CODES {
            assert_eq!(*name, format!("exit-{}", code.number()));
        }
    }

    #[test]
    fn what_does_not_add_up_comes_first() {
        let mut broken = summary(Outcome::Interrupted, Verdict::Invalid);
        let step = crate::summary::StepSummary { count: 1, ..Default::default() };
        broken.steps.0.push(("login".to_owned(), step));
        assert_eq!(ExitCode::of(&broken), ExitCode::Internal);
    }
}
