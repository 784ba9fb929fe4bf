//! An arrival law of one's own: a rate that swings like the day and the night. To see it:
//! `cargo run -p throng-examples --bin sine -- simulate examples/sine.kdl`

use bevy_ecs::component::Component;
use throng::components::clock::Nanos;
use throng::components::curve::{Curve, Stage};
use throng::components::workload::{FieldSpec, Fields, NodeSpec, Problems, ValueKind};
use throng::systems::plugins::arrivals::{Arrival, ArrivalLaw, even::Even};

#[derive(Component)]
struct Sine(Even);

impl ArrivalLaw for Sine {
    const SPEC: NodeSpec = NodeSpec {
        name: "sine",
        summary: "Even arrivals at a rate that swings between nothing and twice its mean.",
        sample: "arrivals sine mean=\"60/s\" period=\"20s\" periods=3",
        properties: &[
            FieldSpec::of("mean", ValueKind::Rate, "The rate in the middle."),
            FieldSpec::of("period", ValueKind::Duration, "From one middle on the way up to the next."),
            FieldSpec::of("periods", ValueKind::Count, "How many, 1 to 1,000."),
        ],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>, _: &dyn throng::systems::behavior::Files) -> Result<Self, Problems> {
        fields.require_all();
        let (mean, period) = (fields.rate("mean"), fields.duration("period"));
        let periods = fields.count("periods", 1, 1_000);
        let law = || Some(Self(wave(mean?.0, period?, periods?)));
        fields.finish(law())
    }

    fn curve(&self) -> &Curve {
        self.0.curve()
    }

    fn next(&mut self, key: u64) -> Arrival {
        self.0.next(key)
    }
}

/// 36 straight pieces a period, by Bhaskara's formula for the sine in whole numbers: no two machines differ in it.
fn wave(mean: u64, period: Nanos, periods: u64) -> Even {
    let level = |piece: u64| {
        let part = (piece % 18) * (18 - piece % 18);
        let height = mean / (1_620 - 4 * part) * (16 * part);
        if (piece / 18).is_multiple_of(2) { mean + height } else { mean - height }
    };
    let stage = |piece| Stage { from: level(piece), to: level(piece + 1), length: Nanos(period.0 / 36) };
    Even::over(Curve { stages: (0..36 * periods).map(stage).collect() })
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<Sine, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
