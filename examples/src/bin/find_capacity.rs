//! A feedback controller: more load step by step, and half of it when answers are slow or fail (AIMD). It finds what a
//! service bears. `cargo run -p throng-examples --bin find_capacity -- simulate examples/find-capacity.kdl`

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::control::{Command, Factor};
use throng::components::measures::Measures;
use throng::components::phase::Phase;
use throng::components::scenario::Scenario;
use throng::components::statistics::{ScenarioStatistics, StepStatistics};
use throng::components::steering::Steering;
use throng::systems::live_control::LiveControl;

/// What more of the plan there is each second, in thousandths: 5/s of 20/s.
const STEP: u32 = 250;

/// What had been answered, and what of it badly, when the controller last looked.
#[derive(Resource, Clone, Debug, Default)]
struct Seen {
    answers: u64,
    bad: u64,
}

/// Once a second: a step more while 99 of 100 answers came within 100 ms, and half of the load otherwise.
fn steer(
    clock: Res<'_, RunClock>,
    (mut control, mut measures): (ResMut<'_, LiveControl>, ResMut<'_, Measures>),
    mut seen: ResMut<'_, Seen>,
    scenarios: Query<'_, '_, (&Scenario, &Steering, &ScenarioStatistics)>,
) {
    for (scenario, steering, statistics) in scenarios.iter().filter(|_| clock.has_passed(Nanos::SECOND)) {
        let answers: u64 = statistics.steps.iter().map(StepStatistics::count).sum();
        let late = |step: &StepStatistics| step.response.count_above(Nanos::from_millis(100));
        let bad: u64 = statistics.steps.iter().map(|step| step.failures + late(step)).sum();
        let is_broken = (bad - seen.bad) * 100 > answers - seen.answers;
        let before = steering.factor().as_thousandths();
        let factor = Factor::thousandths(if is_broken { before / 2 } else { before + STEP });
        let factor = factor.unwrap_or(Factor::MOST);
        control.give(Command::Scale { scenario: scenario.id, factor });
        measures.record("load, of the plan", "", f64::from(factor.as_thousandths()) / 1e3);
        *seen = Seen { answers, bad };
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().insert_resource(Seen::default()).add_system(Phase::Judge, steer)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
