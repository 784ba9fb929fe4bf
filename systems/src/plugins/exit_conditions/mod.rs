//! Exit conditions: the rules of `stop-when` and `require`.

pub mod backlog;
mod compared;
pub mod elapsed;
pub mod failures;
pub mod lateness;
pub mod precision;
pub mod rate;
pub mod response;
pub mod successes;
pub mod window;

use bevy_ecs::component::{Component, Mutable};
use bevy_ecs::schedule::Schedule;
use serde::{Deserialize, Serialize};
use throng_components::clock::Nanos;
use throng_components::exit_condition::TooFew;
use throng_components::sample::{Sample, SampleKind, SampleOutcome, StepId};
use throng_components::scenario::{Scenario, ScenarioCounts, ScenarioId, ScenarioProgress, StepNames};
use throng_components::state::State;
use throng_components::statistics::ScenarioStatistics;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

use super::listeners::Installer;
use super::registry::{LendState, Lent, Named, Registry, Table};

/// The names a rule may refer to.
#[derive(Clone, Copy, Debug)]
pub struct RuleNames<'a> {
    /// Scenario names by number.
    pub scenarios: &'a [String],
    /// Step names.
    pub steps: &'a StepNames,
    /// Whether the rule stands in `require`.
    pub requires: bool,
    /// Whether nobody wrote the rule: an open scenario has it by itself.
    pub implicit: bool,
}

/// What a rule applies to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// One scenario, or all.
    pub scenario: Option<ScenarioId>,
    /// One step, or all.
    pub step: Option<StepId>,
    /// One group, instead of steps.
    pub group: Option<StepId>,
}

impl Scope {
    /// Whether a scenario is in it.
    pub fn covers(self, scenario: ScenarioId) -> bool {
        self.scenario.is_none_or(|only| only == scenario)
    }

    /// Whether a sample is in it and counts: what warms up does not.
    pub fn concerns(self, sample: &Sample) -> bool {
        let named = match self.group {
            Some(group) => sample.kind == SampleKind::Group && sample.step == group,
            None => self.step.is_none_or(|only| only == sample.step),
        };
        !sample.warm_up && self.covers(sample.scenario()) && named
    }

    /// Samples of which kind end what it is about: a step, or a group.
    pub fn kind(self) -> SampleKind {
        if self.group.is_some() { SampleKind::Group } else { SampleKind::Attempt }
    }
}

/// When a rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// At one instant.
    At(Nanos),
    /// At the end of each window of this length, aligned to the start of the rule's scenario or of the run.
    Every(Nanos),
    /// At the instant at which a count is reached.
    Reached,
}

/// One scenario as a rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct ScenarioFacts<'a> {
    /// As declared.
    pub scenario: &'a Scenario,
    /// How far it has come.
    pub progress: &'a ScenarioProgress,
    /// What shards have counted.
    pub counts: ScenarioCounts,
    /// What samples add up to.
    pub statistics: &'a ScenarioStatistics,
}

/// All that a rule may look at.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// The instant for which it is asked.
    pub at: Nanos,
    /// Whether the run is over: `require` is judged.
    pub at_end: bool,
    /// By [`ScenarioId`].
    pub scenarios: &'a [ScenarioFacts<'a>],
}

/// What a rule says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Judgement {
    /// The value it compared; `None` without data, and with too little of it.
    pub value: Option<f64>,
    /// Whether there is too little data to compare.
    pub too_few: Option<TooFew>,
    /// Whether it holds. Without data a rule does not hold, but for a rate that nobody asked for.
    pub holds: bool,
}

impl Judgement {
    /// A value that was compared, if there is one.
    pub fn of(value: Option<f64>, holds: bool) -> Self {
        Self { value, too_few: None, holds }
    }
}

/// A kind of rule. The type is the component that holds its settings and its window.
///
/// `stop-when` asks whether a bad thing has come about, `require` whether a good thing was kept; the node's own words
/// (`above=`, `below=`) say which, and both mean: the rule holds.
pub trait Rule: Component<Mutability = Mutable> + Sized {
    /// Name, summary, sample and what the node may hold. `outcome=` is read by the loader and stands in the table.
    const SPEC: NodeSpec;

    /// Reads one rule.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>, names: RuleNames<'_>) -> Result<Self, Problems>;

    /// The unit of its value in results: `ns`, `share`, `steps`, `per_s`.
    fn unit(&self) -> &'static str;

    /// What it applies to.
    fn scope(&self) -> Scope;

    /// When it is asked, in `stop-when`; each second without it.
    fn cadence(&self) -> Cadence {
        Cadence::Every(Nanos::SECOND)
    }

    /// Sees a sample of its scope that is not part of a warm-up.
    fn observe(&mut self, sample: &Sample) {
        let _ = sample;
    }

    /// Answers; at a window's end it also begins the next one.
    fn judge(&mut self, facts: &Facts<'_>) -> Judgement;

    /// The instant at which it will hold, whatever happens: for a rule that looks at the time. It is asked then, too.
    fn certain_at(&self) -> Option<Nanos> {
        None
    }

    /// For a rule asked when a count is reached: what has to be counted, so that virtual time stops at the very event.
    fn tripwire(&self) -> Option<Tripwire> {
        None
    }

    /// What is saved of it when a run is: what it has seen. `None` for a rule that does not tell, with which no run can be
    /// saved.
    fn state(&mut self) -> Option<&mut dyn State> {
        None
    }
}

/// A count whose reaching is an event of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tripwire {
    /// What is counted.
    pub counts: TripCount,
    /// In which part.
    pub scope: Scope,
    /// More than so many trip it.
    pub above: u64,
}

/// What a [`Tripwire`] counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TripCount {
    /// Steps that ended so, without warm-up.
    Steps(SampleOutcome),
    /// Iterations that ended so, without warm-up.
    Iterations(SampleOutcome),
    /// Tokens that wait for a user now.
    Backlog,
}

/// One kind of rule in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Reads the node; gives what puts the rule on its entity, and its unit.
    pub read: fn(&Node, RuleNames<'_>) -> Result<(Installer, &'static str), Problems>,
    /// Adds the system that judges rules of this kind.
    pub add_system: fn(&mut Schedule),
    /// Lends what a rule has seen.
    pub state: LendState,
}

impl Entry {
    /// The entry of a rule type.
    pub const fn of<R: Rule>() -> Self {
        Self {
            spec: &R::SPEC,
            read: |node, names| {
                let rule = R::read(Fields::of(node, &R::SPEC, 0), names)?;
                let unit = rule.unit();
                let install: Installer = Box::new(move |entity| {
                    entity.insert(rule);
                });
                Ok((install, unit))
            },
            add_system: crate::exit_condition::add_judging_of::<R>,
            state: |entity| {
                let rule = entity.get_mut::<R>()?.into_inner();
                Some(Lent::of(rule.state(), R::SPEC.name))
            },
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "exit-conditions";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.exit_conditions
    }
}

/// All kinds of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<elapsed::Elapsed>(),
    Entry::of::<failures::Failures>(),
    Entry::of::<successes::Successes>(),
    Entry::of::<response::Response>(),
    Entry::of::<precision::Precision>(),
    Entry::of::<lateness::Lateness>(),
    Entry::of::<rate::Rate>(),
    Entry::of::<backlog::Backlog>(),
];

#[cfg(test)]
mod tests {
    use throng_components::sample::SampleOutcome;
    use throng_components::scenario::{Overflow, UserBounds};
    use throng_components::virtual_user::UserId;
    use throng_components::workload::{Entry as Value, Scalar, Span, Spanned};

    use super::*;

    /// Reads a rule from its properties.
    pub(super) fn read<R: Rule>(properties: &[(&str, &str)]) -> R {
        let name = |text: &str| Spanned::new(text.to_owned(), Span::default());
        let value = |text: &str| {
            let value = text.parse().map_or_else(|_| Scalar::Text(text.to_owned()), Scalar::Integer);
            Value::new(value, Span::default())
        };
        let node = Node {
            name: name(R::SPEC.name),
            arguments: Vec::new(),
            properties: properties.iter().map(|(key, text)| (name(key), value(text))).collect(),
            children: Vec::new(),
            span: Span::default(),
        };
        let names =
            RuleNames { scenarios: &[], steps: &StepNames::default(), requires: false, implicit: false };
        // The specification has to outlive the reader, as those of the table do.
        let rule = R::read(Fields::of(&node, Box::leak(Box::new(R::SPEC)), 0), names);
        rule.unwrap_or_else(|problems| panic!("{properties:?}: {problems:?}"))
    }

    /// A finished step or iteration of this length.
    pub(super) fn sample(kind: SampleKind, millis: u64, outcome: SampleOutcome) -> Sample {
        Sample { ended: Nanos::from_millis(millis), outcome, ..Sample::empty(UserId(1), 1, kind) }
    }

    /// Asks a rule at the ends of windows of one second; `counts` and `planned` of one open scenario at each of them.
    pub(super) fn judge<R: Rule>(rule: &mut R, windows: &[(ScenarioCounts, &[Sample])]) -> Vec<Judgement> {
        let scenario = Scenario {
            id: ScenarioId(0),
            name: String::new(),
            behavior: 0,
            delay: Nanos::ZERO,
            warm_up: Nanos::ZERO,
            drain: Nanos::ZERO,
            pace: None,
            iterations: None,
            length: Nanos::MAX,
            open: true,
            bounds: UserBounds { min: 0, max: 1, on_demand: true },
            overflow: Overflow::Drop,
            stop_on_failure: false,
            replayed: false,
        };
        let (progress, statistics) = (ScenarioProgress::default(), ScenarioStatistics::default());
        let ask = |(second, (counts, samples)): (u64, &(ScenarioCounts, &[Sample]))| {
            samples.iter().for_each(|sample| rule.observe(sample));
            let facts = ScenarioFacts {
                scenario: &scenario,
                progress: &progress,
                counts: *counts,
                statistics: &statistics,
            };
            rule.judge(&Facts { at: Nanos::from_secs(second), at_end: false, scenarios: &[facts] })
        };
        (1..).zip(windows).map(ask).collect()
    }
}
