//! Slows the arrivals while requests fail: an admission policy over planned tokens. To see it work:
//! `cargo run -p throng-examples --bin slow_down_on_errors -- simulate examples/slow-down-on-errors.kdl`

use bevy_ecs::prelude::*;
use throng::components::phase::Phase;
use throng::components::statistics::{ScenarioStatistics, StepStatistics};
use throng::components::token::{Token, TokenState};

/// How many of 100 tokens are let through, and what that was decided by.
#[derive(Resource, Clone, Debug)]
struct Admission {
    percent: u64,
    finished: u64,
    failed: u64,
    /// The last token that was judged: it is planned for several ticks and must not be judged twice.
    judged: u64,
}

/// Looks at each 50 finished steps: a third less when over 10% of them failed, a little more otherwise.
fn adapt(mut admission: ResMut<'_, Admission>, scenarios: Query<'_, '_, &ScenarioStatistics>) {
    let steps = || scenarios.iter().flat_map(|statistics| &statistics.steps);
    let finished: u64 = steps().map(StepStatistics::count).sum();
    let failed: u64 = steps().map(|step| step.failures).sum();
    let news = finished - admission.finished;
    if news >= 50 {
        let too_many = (failed - admission.failed) * 100 > news * 10;
        let percent = admission.percent;
        admission.percent = if too_many { (percent * 2 / 3).max(10) } else { (percent + 5).min(100) };
        (admission.finished, admission.failed) = (finished, failed);
    }
}

/// Drops what is not let through, evenly: token n passes where n × percent reaches the next hundred.
fn admit(mut admission: ResMut<'_, Admission>, mut tokens: Query<'_, '_, &mut Token>) {
    let mut last = admission.judged;
    let passed = |tokens: u64| tokens * admission.percent / 100;
    for mut token in &mut tokens {
        if token.state == TokenState::Planned && token.sequence > admission.judged {
            last = last.max(token.sequence);
            if passed(token.sequence) == passed(token.sequence - 1) {
                token.state = TokenState::Dropped;
            }
        }
    }
    admission.judged = last;
}

pub(crate) fn app() -> throng::App {
    throng::App::new()
        .insert_resource(Admission { percent: 100, finished: 0, failed: 0, judged: 0 })
        .add_system(Phase::Schedule, adapt)
        .add_system(Phase::Schedule, admit)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
