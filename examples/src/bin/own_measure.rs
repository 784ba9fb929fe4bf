//! A measurement with a measure of its own: how many iterations are under way, looked at in every tick.
//! `cargo run -p throng-examples --bin own_measure -- simulate examples/own-measure.kdl`

use bevy_ecs::prelude::*;
use throng::components::measures::Measures;
use throng::components::phase::Phase;
use throng::components::run::RunState;
use throng::components::scenario::{Scenario, ShardCounts};

/// Records it by name: the summary, the terminal and OTLP show what is recorded.
fn look(
    state: Res<'_, RunState>,
    mut measures: ResMut<'_, Measures>,
    scenarios: Query<'_, '_, (&Scenario, &ShardCounts)>,
) {
    if *state != RunState::Running {
        return;
    }
    for (scenario, counts) in &scenarios {
        let name = format!("under way in {}", scenario.name);
        measures.record(name, "iterations", counts.total().running() as f64);
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().add_system(Phase::Observe, look)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
