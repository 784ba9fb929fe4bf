//! A workload, read and checked: what the engine builds its world from.

use std::path::PathBuf;
use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::curve::Curve;
use throng_components::exit_condition::ExitCondition;
use throng_components::listener::Listener;
use throng_components::run::{StepHeader, VerdictBounds};
use throng_components::scenario::{Population, Scenario, StepNames};
use throng_components::speed::Speed;
use throng_components::target::{Target, TargetAddress};
use throng_components::workload::Problem;
use throng_systems::behavior::{Kind, Program, Value};
use throng_systems::drivers::simulated::Service;
use throng_systems::plugins::arrivals::AnyArrivals;
use throng_systems::plugins::listeners::Installer;
use throng_systems::shard::Rhythm;
use throng_systems::start_after::StartsAfter;

use super::secrets::Secrets;
use super::source::Sources;

/// What came of loading a workload without mistakes.
pub struct Loaded {
    /// The workload.
    pub workload: Workload,
    /// The texts it was read from.
    pub sources: Sources,
    /// What may not be meant so, and does not hinder a run.
    pub warnings: Vec<Problem>,
    /// What must not be shown.
    pub secrets: Secrets,
}

/// A workload, every reference resolved and every value within its bounds.
pub struct Workload {
    /// The seed; drawn when absent.
    pub seed: Option<u64>,
    /// The world's tick: 100 us to 1 s.
    pub tick: Nanos,
    /// How fast the run's time passes in real time.
    pub speed: Speed,
    /// How many ticks ahead tokens are planned: 1 to 100.
    pub look_ahead: u64,
    /// How many threads carry the load, 1 to 64; as many as there are cores when absent.
    pub threads: Option<u16>,
    /// By [`TargetId`](throng_components::target::TargetId).
    pub targets: Vec<Target>,
    /// One a behaviour, in the order of the file; [`Scenario::behavior`] counts in it.
    pub programs: Vec<Arc<Program>>,
    /// The names of measured steps.
    pub steps: StepNames,
    /// By [`StepId`](throng_components::sample::StepId).
    pub step_headers: Vec<StepHeader>,
    /// By [`ScenarioId`](throng_components::scenario::ScenarioId).
    pub scenarios: Vec<ScenarioPlan>,
    /// In the order of the file, implicit ones last.
    pub rules: Vec<RulePlan>,
    /// In the order of the file, those from outside last.
    pub listeners: Vec<ListenerPlan>,
    /// What answers under `throng simulate`.
    pub services: Vec<Service>,
    /// What `throng sweep` varies; absent when the file says nothing of it.
    pub sweep: Option<SweepPlan>,
    /// Parameters and their effective values in the order of the file; secrets are not among the values.
    pub params: Vec<(String, String)>,
    /// When the generator's own numbers are not to be trusted. Its lateness is in the run's time, as all else.
    pub bounds: VerdictBounds,
}

impl Workload {
    /// Targets that nobody answers for in virtual time.
    pub fn unanswered(&self) -> Vec<String> {
        let answered = |target: &Target| {
            target.address == TargetAddress::Noop
                || self.services.iter().any(|service| service.target == Some(target.id))
        };
        self.targets.iter().filter(|target| !answered(target)).map(|target| target.name.clone()).collect()
    }
}

/// What a sweep varies, and how often.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepPlan {
    /// Parameters and their values, in the order of the file.
    pub vary: Vec<Varied>,
    /// How often each combination is simulated: 1 to 100,000.
    pub replications: u32,
}

impl SweepPlan {
    /// Ten: enough for an interval of confidence that is not much wider than it has to be (Student's t is 2.26, its limit 1.96).
    pub const DEFAULT_REPLICATIONS: u32 = 10;
}

impl Default for SweepPlan {
    fn default() -> Self {
        Self { vary: Vec::new(), replications: Self::DEFAULT_REPLICATIONS }
    }
}

/// A parameter and the values that a sweep gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Varied {
    /// The parameter.
    pub name: String,
    /// The kind of all its values.
    pub kind: Kind,
    /// At least one, no two of them the same.
    pub values: Vec<Value>,
}

/// A scenario and its load: one of `population` and `arrivals`, or both.
pub struct ScenarioPlan {
    /// The scenario's settings.
    pub scenario: Scenario,
    /// A closed scenario's users over time, or those of an open one where they are planned.
    pub population: Option<Population>,
    /// An open scenario's law, and the rate over time that it keeps.
    pub arrivals: Option<(Box<dyn AnyArrivals>, Curve)>,
    /// When a closed scenario's users begin, where that is drawn.
    pub rhythm: Option<Rhythm>,
    /// What it waits for before it begins.
    pub after: Option<StartsAfter>,
}

/// A rule and what it measures.
pub struct RulePlan {
    /// The rule.
    pub condition: ExitCondition,
    /// Puts its settings on its entity.
    pub install: Installer,
}

/// A listener and its settings.
pub struct ListenerPlan {
    /// The listener.
    pub listener: Listener,
    /// Puts its settings on its entity.
    pub install: Installer,
    /// What its paths are relative to, where it stands in an included file.
    pub directory: Option<PathBuf>,
    /// The file that it writes, where it writes one.
    pub output: Option<ListenerOutput>,
}

/// A file that a listener writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerOutput {
    /// Where it is, as the listener says.
    pub path: PathBuf,
    /// What messages call it: the listener, or the option that stands for it.
    pub shown: String,
}
