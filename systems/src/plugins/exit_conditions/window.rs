//! What rules share: the words for scope and window, and how they are read.

use throng_components::clock::Nanos;
use throng_components::state_of;
use throng_components::workload::{
    FieldSpec, Fields, Label, Mistake, Span, Spanned, ValueKind, did_you_mean,
};

use super::{Cadence, RuleNames, Scope};

/// How often a rule without a window is asked: often enough to end a run soon, and the same for every tick.
const UNWINDOWED: Nanos = Nanos::SECOND;

/// `outcome=`, which the loader reads: every rule has it among its properties.
pub const OUTCOME: FieldSpec = FieldSpec {
    name: "outcome",
    kind: ValueKind::Word(&["passed", "failed"]),
    default: "failed",
    summary: "What it makes of the run, in `stop-when`.",
};

/// `abort-after=`, which the loader reads as well.
pub const ABORT: FieldSpec = FieldSpec {
    name: "abort-after",
    kind: ValueKind::Duration,
    default: "",
    summary: "In `require`: from so long after the start on it is asked each second, and ends the run as failed when it does not hold.",
};

/// `scenario=`.
pub const SCENARIO: FieldSpec = FieldSpec {
    name: "scenario",
    kind: ValueKind::Name,
    default: "",
    summary: "One scenario; without it, all of them.",
};

/// `step=`.
pub const STEP: FieldSpec = FieldSpec {
    name: "step",
    kind: ValueKind::Name,
    default: "",
    summary: "One step; without it, all of them.",
};

pub(super) const GROUP: FieldSpec = FieldSpec {
    name: "group",
    kind: ValueKind::Name,
    default: "",
    summary: "One group, from its first step's due to its last one's end, instead of steps.",
};

/// `window=`.
pub const WINDOW: FieldSpec = FieldSpec {
    name: "window",
    kind: ValueKind::Duration,
    default: "",
    summary: "Looks at tumbling windows of this length; without it, at everything since the warm-up, each second.",
};

/// `times=`.
pub const TIMES: FieldSpec =
    FieldSpec { name: "times", kind: ValueKind::Count, default: "1", summary: "So many windows in a row." };

/// A mistake in what a rule refers to or compares with.
#[derive(Debug)]
pub(super) enum RuleMistake {
    UnknownName { what: &'static str, span: Span, name: String, known: Vec<String> },
    NoBound { span: Span, known: &'static str },
    WindowInRequire { span: Span },
    StepAndGroup { span: Span, step: Span },
    PercentileAndMean { percentile: Span, mean: Span },
    AbortInStopWhen { span: Span },
}

impl Mistake for RuleMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownName { .. } => "T0120",
            Self::NoBound { .. } => "T0121",
            Self::WindowInRequire { .. } => "T0122",
            Self::StepAndGroup { .. } => "T0210",
            Self::PercentileAndMean { .. } => "T0290",
            Self::AbortInStopWhen { .. } => "T0293",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::UnknownName { what, name, .. } => format!("unknown {what} `{name}`"),
            Self::NoBound { .. } => "the rule compares with nothing".to_owned(),
            Self::WindowInRequire { .. } => "`require` looks at the whole run, not at windows".to_owned(),
            Self::StepAndGroup { .. } => "the rule names a step and a group".to_owned(),
            Self::PercentileAndMean { .. } => "the rule names a percentile and the mean".to_owned(),
            Self::AbortInStopWhen { .. } => "a rule of `stop-when` ends the run anyway".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::UnknownName { what, span, .. } => {
                vec![Label::new(*span, format!("no {what} of this name"))]
            }
            Self::NoBound { span, known } => vec![Label::new(*span, format!("one of: {known}"))],
            Self::WindowInRequire { span } | Self::AbortInStopWhen { span } => {
                vec![Label::new(*span, "has no meaning here")]
            }
            Self::StepAndGroup { span, step } => {
                vec![Label::new(*span, "a group has times of its own"), Label::new(*step, "the step")]
            }
            Self::PercentileAndMean { percentile, mean } => {
                vec![Label::new(*mean, "no percentile"), Label::new(*percentile, "the percentile")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::UnknownName { name, known, .. } => {
                did_you_mean(name, &known.iter().map(String::as_str).collect::<Vec<_>>())
            }
            Self::NoBound { known, .. } => Some(format!("add one of: {known}")),
            Self::WindowInRequire { .. } => Some("remove it, or move the rule to `stop-when`".to_owned()),
            Self::StepAndGroup { .. } | Self::PercentileAndMean { .. } => {
                Some("make two rules of it".to_owned())
            }
            Self::AbortInStopWhen { .. } => Some("remove it, or move the rule to `require`".to_owned()),
        }
    }
}

/// Names that an unknown one is compared with: there may be tens of thousands.
const MOST_COMPARED: usize = 200;

fn find(names: &[String], name: &Spanned<&str>, what: &'static str) -> Result<u16, RuleMistake> {
    names.iter().position(|known| known == name.value).and_then(|index| u16::try_from(index).ok()).ok_or_else(
        || RuleMistake::UnknownName {
            what,
            span: name.span,
            name: name.value.to_owned(),
            known: names.iter().take(MOST_COMPARED).cloned().collect(),
        },
    )
}

/// Notes that a rule compares with nothing, when neither word is there.
pub(super) fn require_bound(fields: &mut Fields<'_>, words: [&str; 2], known: &'static str) {
    let node = fields.node();
    // One that nothing knows has been told of; it may be the bound.
    if words.iter().all(|word| node.property(word).is_none()) && !fields.has_unknown_property() {
        fields.problem(RuleMistake::NoBound { span: node.head(), known });
    }
}

/// Reads `outcome=` and `abort-after=`: what the loader makes of a rule is checked with all else.
pub fn consequence(fields: &mut Fields<'_>, names: &RuleNames<'_>) {
    fields.word("outcome");
    fields.duration("abort-after");
    if let Some(entry) = fields.node().property("abort-after").filter(|_| !names.requires) {
        fields.problem(RuleMistake::AbortInStopWhen { span: entry.span });
    }
}

/// Reads `scenario=`.
pub fn scenario(
    fields: &mut Fields<'_>,
    names: &RuleNames<'_>,
) -> Option<throng_components::scenario::ScenarioId> {
    let name = fields.text("scenario")?;
    match find(names.scenarios, &name, "scenario") {
        Ok(index) => Some(throng_components::scenario::ScenarioId(index)),
        Err(mistake) => {
            fields.problem(mistake);
            None
        }
    }
}

/// Reads `scenario=` and `step=`.
pub fn scope(fields: &mut Fields<'_>, names: &RuleNames<'_>) -> Scope {
    let scenario = scenario(fields, names);
    let mut scope = Scope { scenario, ..Scope::default() };
    if let Some(name) = fields.text("step") {
        match find(names.steps.all(), &name, "step") {
            Ok(index) => scope.step = Some(throng_components::sample::StepId(index)),
            Err(mistake) => fields.problem(mistake),
        }
    }
    scope
}

/// As [`scope`], with `group=` instead of `step=`.
pub(super) fn scope_with_groups(fields: &mut Fields<'_>, names: &RuleNames<'_>) -> Scope {
    let mut scope = scope(fields, names);
    if let Some(name) = fields.text("group") {
        match find(names.steps.groups(), &name, "group") {
            Ok(index) => scope.group = Some(throng_components::sample::StepId(index)),
            Err(mistake) => fields.problem(mistake),
        }
        if let Some(step) = fields.node().property("step") {
            fields.problem(RuleMistake::StepAndGroup { span: name.span, step: step.span });
        }
    }
    scope
}

/// When a windowed rule is asked, and how often in a row it has to hold.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// Its length; `None` for everything since the warm-up.
    pub length: Option<Nanos>,
    times: u64,
    in_a_row: u64,
}

state_of!(Window { saved: in_a_row; declared: length, times });

impl Window {
    /// Reads `window=` and `times=`.
    pub fn read(fields: &mut Fields<'_>, names: &RuleNames<'_>) -> Self {
        let length = fields.duration("window");
        if let Some(entry) = fields.node().property("window") {
            if names.requires {
                fields.problem(RuleMistake::WindowInRequire { span: entry.span });
            } else if length == Some(Nanos::ZERO) {
                fields.quantity_out_of_bounds("window", entry, "1ns", "292 years");
            }
        }
        let times = fields.count("times", 1, 1_000_000).unwrap_or(1);
        // What is required is to hold each time that it is looked at.
        Self { length, times: if names.requires { 1 } else { times }, in_a_row: 0 }
    }

    /// When the rule is asked: at each window's end, or each second without one.
    pub fn cadence(&self) -> Cadence {
        Cadence::Every(self.length.unwrap_or(UNWINDOWED))
    }

    /// Whether a window's answer, with those before it, makes the rule hold.
    pub fn holds(&mut self, now: bool, at_end: bool) -> bool {
        self.in_a_row = if now { self.in_a_row + 1 } else { 0 };
        self.in_a_row >= self.times || (at_end && now)
    }
}
