//! Coordinated omission: who waits for each answer asks nothing while the service stands still, and so hardly sees that it
//! did. Tene, "How NOT to Measure Latency" (2013). `cargo run -p throng-examples --bin coordinated_omission`

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, atomic::AtomicU32};

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::{phase::Phase, service::ServiceFigures};
use throng::loader::{Overrides, load};
use throng::summary::Summary;
use throng::systems::drivers::simulated::Service;
use throng::{App, RunOptions, simulate};

/// How many requests each service had got at the end of each second, shared with who shows them.
#[derive(Resource, Clone, Default)]
struct Asked(Arc<Mutex<Vec<[u64; 2]>>>);

fn look(
    (clock, asked): (Res<'_, RunClock>, Res<'_, Asked>),
    services: Query<'_, '_, (&Service, &ServiceFigures)>,
) {
    if clock.has_passed(Nanos::SECOND) {
        let mut arrived = [0; 2];
        services.iter().for_each(|(service, figures)| arrived[service.id.index()] = figures.arrived);
        asked.0.lock().expect("nobody panics").push(arrived);
    }
}

/// The results, and how many requests each service got in each second.
pub(crate) fn run() -> (Summary, Vec<[u64; 2]>) {
    let asked = Asked::default();
    let app = App::new().insert_resource(asked.clone()).add_system(Phase::Observe, look);
    let text = include_bytes!("../../coordinated-omission.kdl");
    let loaded = load(Path::new("coordinated-omission.kdl"), text, app.registry(), &Overrides::default());
    let options = RunOptions::default();
    let summary = simulate(&app, loaded.expect("it is right"), options, &AtomicU32::new(0)).expect("it runs");
    let totals = std::mem::take(&mut *asked.0.lock().expect("nobody panics"));
    let before = std::iter::once([0; 2]).chain(totals.iter().copied());
    let seconds = totals.iter().zip(before).map(|(now, before)| [now[0] - before[0], now[1] - before[1]]);
    (summary, seconds.collect())
}

fn main() -> std::io::Result<()> {
    let (mut out, (summary, seconds)) = (std::io::stdout(), run());
    writeln!(out, "response, ms   asked      p50      p90      p99      max")?;
    for (name, step) in summary.steps.iter() {
        let response = step.response_ns;
        let quantiles = [response.p50, response.p90, response.p99, response.max];
        let [p50, p90, p99, max] = quantiles.map(|nanos| nanos.unwrap_or(0) as f64 / 1e6);
        writeln!(out, "{name:12} {:7} {p50:8.1} {p90:8.1} {p99:8.1} {max:8.1}", step.count)?;
    }
    writeln!(out, "\nsecond  planned{:16}waiting: asked in each second", "")?;
    for (second, [planned, waiting]) in seconds.into_iter().enumerate() {
        let bar = |asked: u64| (0..asked.div_ceil(10)).map(|_| '█').collect::<String>();
        writeln!(out, "{second:6}  {planned:7} {:14} {waiting:7} {}", bar(planned), bar(waiting))?;
    }
    Ok(())
}
