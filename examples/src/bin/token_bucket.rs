//! An admission policy over planned tokens: a token bucket, which lets bursts through up to its depth and delays the rest.
//! `cargo run -p throng-examples --bin token_bucket -- simulate examples/token-bucket.kdl`

use bevy_ecs::prelude::*;
use throng::components::clock::Nanos;
use throng::components::phase::Phase;
use throng::components::token::{Token, TokenState};

/// A bucket that is full at first, and full again `depth` intervals after it was empty.
#[derive(Resource, Clone, Debug)]
struct Bucket {
    /// The time in which one more iteration is admitted.
    interval: Nanos,
    /// How many iterations may begin at once.
    depth: u64,
    /// What waits longer than this is dropped: whoever asked has gone.
    patience: Nanos,
    /// When the bucket will be full again.
    full_at: Nanos,
    /// The last token that was judged: it is planned for several ticks and must not be judged twice.
    judged: u64,
}

/// Moves the release of each new token to the instant at which the bucket has something in it. What it is due does not
/// change: response times count from there, so that the wait shows.
fn admit(mut bucket: ResMut<'_, Bucket>, mut tokens: Query<'_, '_, &mut Token>) {
    let judged = bucket.judged;
    let is_new = |token: &Token| token.state == TokenState::Planned && token.sequence > judged;
    let mut new: Vec<_> = tokens.iter_mut().filter(|token| is_new(token)).collect();
    // Rows have no order of their own; the plan has.
    new.sort_unstable_by_key(|token| token.sequence);
    let room = Nanos(bucket.interval.0 * (bucket.depth - 1));
    for token in &mut new {
        bucket.judged = token.sequence;
        // Subtraction ends at zero: a bucket that is full admits at once.
        let release = token.due.max(bucket.full_at - room);
        if release - token.due > bucket.patience {
            token.state = TokenState::Dropped;
            continue;
        }
        token.release = release;
        bucket.full_at = bucket.full_at.max(token.due) + bucket.interval;
    }
}

pub(crate) fn app() -> throng::App {
    let (interval, patience) = (Nanos::from_millis(20), Nanos::SECOND);
    let bucket = Bucket { interval, depth: 10, patience, full_at: Nanos::ZERO, judged: 0 };
    throng::App::new().insert_resource(bucket).add_system(Phase::Schedule, admit)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
