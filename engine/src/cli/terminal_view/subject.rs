//! What a view knows of the run before it begins.

use throng_components::exit_condition::{ExitCondition, RuleRole};
use throng_components::run::VerdictBounds;

use crate::loader::Loaded;

/// Names and rules of a run.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Subject {
    /// The workload's path as given.
    pub(super) workload: String,
    /// By number.
    pub(super) scenarios: Vec<String>,
    /// By number.
    pub(super) steps: Vec<String>,
    /// In file order.
    pub(super) rules: Vec<RuleSubject>,
    /// When the generator's own figures are not to be trusted.
    pub(super) bounds: VerdictBounds,
}

/// What a view knows of a rule.
#[derive(Clone, Debug)]
pub(super) struct RuleSubject {
    pub(super) text: String,
    pub(super) unit: &'static str,
    pub(super) role: RuleRole,
}

impl Subject {
    /// Of a workload that is about to run. No credential of it is shown.
    pub(in crate::cli) fn of(loaded: &Loaded, path: &str) -> Self {
        let workload = &loaded.workload;
        let mut rules: Vec<&ExitCondition> = workload.rules.iter().map(|plan| &plan.condition).collect();
        rules.sort_unstable_by_key(|rule| rule.order);
        let rule = |rule: &ExitCondition| RuleSubject {
            text: loaded.secrets.redact(&rule.text),
            unit: rule.unit,
            role: rule.role,
        };
        Self {
            workload: path.to_owned(),
            scenarios: workload.scenarios.iter().map(|plan| plan.scenario.name.clone()).collect(),
            steps: workload.steps.all().to_vec(),
            rules: rules.into_iter().map(rule).collect(),
            bounds: workload.bounds,
        }
    }
}
