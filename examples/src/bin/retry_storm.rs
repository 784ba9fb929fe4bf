//! A retry storm, and a circuit breaker against it: those who ask again keep a service busy with what nobody waits for any
//! more, long after it has recovered. `cargo run -p throng-examples --bin retry_storm`

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::{Arc, Mutex, atomic::AtomicU32};

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::token::{Token, TokenState};
use throng::components::{phase::Phase, service::ServiceFigures, statistics::ScenarioStatistics};
use throng::loader::{Overrides, load};
use throng::{App, RunOptions, simulate};

/// How many of ten iterations a breaker lets through: all while it is closed, none while it is open, one for a trial. And what it
/// has seen, shared with who shows it: tries that came to the service and good answers, in each second.
#[derive(Resource, Clone)]
struct Breaker(u64, Arc<Mutex<Vec<[u64; 2]>>>);

/// Once a second: opens where most tries failed, lets a few through a second later, and closes if that goes well.
fn watch(
    (clock, mut breaker, mut before): (Res<'_, RunClock>, ResMut<'_, Breaker>, Local<'_, [u64; 3]>),
    (service, scenario): (Single<'_, '_, &ServiceFigures>, Single<'_, '_, &ScenarioStatistics>),
) {
    for step in scenario.steps.iter().filter(|_| clock.has_passed(Nanos::SECOND)) {
        let now = [service.arrived, step.count() - step.failures, step.attempts];
        let [asked, good, ended] = [0, 1, 2].map(|figure| now[figure] - before[figure]);
        let judged = if good * 2 < ended { 0 } else { 10 };
        breaker.0 = if breaker.0 == 0 { 1 } else { judged };
        breaker.1.lock().expect("nobody panics").push([asked, good]);
        *before = now;
    }
}

fn admit(breaker: Res<'_, Breaker>, mut tokens: Query<'_, '_, &mut Token>) {
    let planned = tokens.iter_mut().filter(|token| token.state == TokenState::Planned);
    for mut token in planned.filter(|token| token.sequence % 10 >= breaker.0) {
        token.state = TokenState::Dropped;
    }
}

pub(crate) fn seconds(with_breaker: bool) -> Vec<[u64; 2]> {
    let (seconds, text) = (Arc::default(), include_bytes!("../../retry-storm.kdl"));
    let breaker = Breaker(10, Arc::clone(&seconds));
    let app = App::new().insert_resource(breaker).add_system(Phase::Judge, watch);
    let app = if with_breaker { app.add_system(Phase::Execute, admit) } else { app };
    let loaded = load(Path::new("retry-storm.kdl"), text, app.registry(), &Overrides::default());
    simulate(&app, loaded.expect("it is right"), RunOptions::default(), &AtomicU32::new(0)).expect("it runs");
    std::mem::take(&mut *seconds.lock().expect("nobody panics"))
}

fn main() -> std::io::Result<()> {
    let bar = |n, good| (0..n / 25).map(|n| if n < good / 25 { '█' } else { '·' }).collect::<String>();
    let row = |[asked, good]: [u64; 2]| format!("{asked:7}{good:5} {:37}", bar(asked, good));
    writeln!(stdout(), "second asked good {:37}  asked good with a breaker", "without a breaker")?;
    for (second, runs) in seconds(false).into_iter().zip(seconds(true)).enumerate() {
        writeln!(stdout(), "{second:4}{}{}", row(runs.0), row(runs.1).trim_end())?;
    }
    Ok(())
}
