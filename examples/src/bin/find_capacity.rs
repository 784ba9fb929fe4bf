//! A feedback controller: more load step by step, and half of it when answers are slow or fail (AIMD). It finds what a
//! service bears. `cargo run -p throng-examples --bin find_capacity -- simulate examples/find-capacity.kdl`

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::workload::{Fields, NodeSpec, Problems, Rate};
use throng::components::{curve::Curve, measures::Measures, phase::Phase, statistics::ScenarioStatistics};
use throng::systems::plugins::arrivals::{Arrival, ArrivalLaw, LevelUnit, read_curve};

/// Arrivals at a rate that a system steers; the curve says where it begins and how long it plays.
#[derive(Component)]
struct Steered(Curve, f64, Arrival);

impl ArrivalLaw for Steered {
    const SPEC: NodeSpec = NodeSpec {
        name: "steered",
        summary: "Even arrivals at a rate that a system of this program steers.",
        sample: "arrivals steered { hold \"20/s\" for=\"2m\" }",
        children: &["hold"],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let curve = read_curve(&mut fields, LevelUnit::Rate);
        let per_s = |curve: &Curve| curve.peak() as f64 / Rate::PER_SECOND as f64;
        fields.finish(curve.map(|curve| Self(curve.clone(), per_s(&curve), Arrival::default())))
    }

    fn curve(&self) -> &Curve {
        &self.0
    }

    fn next(&mut self, _: u64) -> Option<Arrival> {
        self.2 = Arrival { at: self.2.at + Nanos::from_f64(1e9 / self.1), key: self.2.key + 1 };
        Some(self.2).filter(|arrival| arrival.at < self.0.length())
    }
}

/// Once a second: 5/s more while 99 of 100 answers came within 100 ms, and half of the rate otherwise.
fn steer(
    (clock, mut measures): (Res<'_, RunClock>, ResMut<'_, Measures>),
    mut seen: Local<'_, (u64, u64)>,
    mut scenarios: Query<'_, '_, (&ScenarioStatistics, &mut Steered)>,
) {
    for (statistics, mut law) in scenarios.iter_mut().filter(|_| clock.has_passed(Nanos::SECOND)) {
        let Some(step) = statistics.steps.first() else { continue };
        let bad = step.failures + step.response.count_above(Nanos::from_millis(100));
        law.1 = if (bad - seen.1) * 100 > step.count() - seen.0 { law.1 / 2.0 } else { law.1 + 5.0 };
        *seen = (step.count(), bad);
        measures.record("steered rate", "per_s", law.1);
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<Steered, _>().add_system(Phase::Judge, steer)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
