//! What has to add up at the end of every run, however it ended.

use super::{ScenarioSummary, StepSummary, Summary, TokensSummary};

/// Everything that does not add up; empty when all is well. A single entry is a defect of throng itself.
pub fn conservation(summary: &Summary) -> Vec<String> {
    let mut violations = Violations::default();
    for (name, scenario) in summary.scenarios.iter() {
        of_scenario(&mut violations, name, scenario);
    }
    for (name, step) in summary.steps.iter() {
        of_step(&mut violations, &format!("step `{name}`"), step);
        let parts = || summary.scenarios.iter().filter_map(|(_, scenario)| scenario.steps.get(name));
        let place = format!("step `{name}` over all scenarios");
        violations.equal(&place, "count", step.count, "its parts", parts().map(|part| part.count).sum());
        violations.equal(
            &place,
            "attempts",
            step.attempts,
            "its parts",
            parts().map(|part| part.attempts).sum(),
        );
        violations.equal(&place, "cut", step.cut, "its parts", parts().map(|part| part.cut).sum());
    }
    violations.0
}

#[derive(Default)]
struct Violations(Vec<String>);

impl Violations {
    fn equal(&mut self, place: &str, left_name: &str, left: u64, right_name: &str, right: u64) {
        if left != right {
            self.0.push(format!("{place}: {left_name} {left} is not {right_name} {right}"));
        }
    }

    fn at_most(&mut self, place: &str, left_name: &str, left: u64, right_name: &str, right: u64) {
        if left > right {
            self.0.push(format!("{place}: {left_name} {left} is more than {right_name} {right}"));
        }
    }
}

fn of_scenario(violations: &mut Violations, name: &str, scenario: &ScenarioSummary) {
    let place = format!("scenario `{name}`");
    let iterations = &scenario.iterations;
    if let Some(tokens) = &scenario.tokens {
        let TokensSummary { expected: _, planned, started, dropped, expired, cancelled, waiting } = *tokens;
        violations.equal(
            &place,
            "tokens planned",
            planned,
            "started + dropped + expired + cancelled + waiting",
            started + dropped + expired + cancelled + waiting,
        );
        violations.equal(&place, "tokens started", started, "iterations started", iterations.started);
    }
    violations.equal(
        &place,
        "iterations started",
        iterations.started,
        "succeeded + failed + crashed + cut",
        iterations.succeeded + iterations.failed + iterations.crashed + iterations.cut,
    );
    // Every iteration that was begun has told of its end, exactly once.
    violations.equal(
        &place,
        "iterations recorded + warm-up",
        scenario.waiting_ns.count + scenario.warm_up.iterations,
        "iterations started",
        iterations.started,
    );
    violations.at_most(
        &place,
        "iterations timed",
        scenario.iteration_ns.count,
        "iterations recorded",
        scenario.waiting_ns.count,
    );
    violations.at_most(&place, "users' peak", scenario.users.peak, "users created", scenario.users.created);
    violations.at_most(
        &place,
        "users retired",
        scenario.users.retired,
        "users created",
        scenario.users.created,
    );
    for (group_name, group) in scenario.groups.iter() {
        let place = format!("{place}, group `{group_name}`");
        violations.equal(&place, "count", group.count, "durations recorded", group.duration_ns.count);
        violations.at_most(&place, "failures", group.failures, "count", group.count);
    }
    violations.at_most(
        &place,
        "iterations failed beside their steps",
        iterations.errors.values().sum(),
        "failed + cut",
        iterations.failed + iterations.cut,
    );
    for (step_name, step) in scenario.steps.iter() {
        of_step(violations, &format!("{place}, step `{step_name}`"), step);
    }
}

fn of_step(violations: &mut Violations, place: &str, step: &StepSummary) {
    let (response, service) = (step.response_ns.count, step.service_ns.count);
    violations.equal(place, "count", step.count, "response times recorded + unsent", response + step.unsent);
    violations.equal(place, "count", step.count, "service times recorded + unsent", service + step.unsent);
    violations.equal(place, "failures", step.failures, "the sum of errors", step.errors.values().sum());
    violations.at_most(place, "failures", step.failures, "count", step.count);
    violations.at_most(place, "unsent", step.unsent, "failures", step.failures);
    violations.at_most(place, "count", step.count, "attempts + unsent", step.attempts + step.unsent);
    // A step's last attempt is none of those that another one followed.
    let retried: u64 = step.retried.values().sum();
    violations.at_most(
        place,
        "count + retried",
        step.count + retried,
        "attempts + unsent",
        step.attempts + step.unsent,
    );
}
