//! From a workload and a recording to the workload's replay.

use std::sync::Arc;

use throng_components::clock::Nanos;
use throng_components::curve::{Curve, Stage};
use throng_components::scenario::{Overflow, Scenario, UserBounds};
use throng_components::seed::RunSeed;
use throng_components::speed::Speed;
use throng_components::virtual_user::UserId;
use throng_components::workload::Rate;
use throng_systems::plugins::arrivals::AnyArrivals;
use throng_systems::recorded_arrivals::{RecordedArrivals, RecordedIteration};
use throng_systems::shard::{closed_key, open_key};

use super::{Recorded, RecordedMistake};
use crate::loader::Workload;
use crate::replay::recorded::Iteration;

/// Users that a scenario may have for its replay, unless the workload allows more: memory has to hold them. One for each iteration would
/// do in any case: where answers take longer than they did, or all goes faster, more iterations are under way at one time.
const USERS_MOST: u64 = 1_000_000;
/// Tokens that an open scenario may have planned for each one that became an iteration, and at least: the law is asked for all
/// of them, so that what a replay costs is bound by the recording's size.
const TOKENS_FOR_ONE: u64 = 100;
const TOKENS_LEAST: u64 = 10_000_000;

/// Plans a workload's scenarios by a recording: each iteration is due when it was, `speed` times as early.
///
/// All scenarios are open: nobody waits for answers. Waits within an iteration and the warm-up are shorter by the same
/// factor; timeouts, drains and rules are as written, for they speak of the target, but that drains are longer where waits are.
///
/// # Errors
/// The recording is of another workload, of a replay with a closed scenario, or of no run at all: it has an iteration twice, or
/// one that was never planned.
pub(crate) fn replan(
    workload: &mut Workload,
    recorded: &mut Recorded,
    speed: Speed,
) -> Result<(), RecordedMistake> {
    let draws = RunSeed(recorded.header.seed);
    for plan in &mut workload.scenarios {
        let iterations = recorded.scenarios.remove(&plan.scenario.name).unwrap_or_default();
        let keys = match plan.arrivals.take() {
            Some((law, _)) => keys_of_tokens(law, &plan.scenario, draws, &iterations)?,
            // Users of a replay are others than those whose iterations they do.
            None if recorded.header.replay_of.is_some() && !iterations.is_empty() => {
                return Err(RecordedMistake::OfReplay(plan.scenario.name.clone()));
            }
            None => keys_of_users(&plan.scenario, draws, &iterations)?,
        };
        let due = |iteration: &Iteration| speed.to_wall(iteration.due);
        let planned = iterations.iter().zip(keys);
        let planned: Vec<_> = planned
            .map(|(iteration, key)| RecordedIteration {
                due: due(iteration),
                number: u64::from(iteration.number),
                key,
            })
            .collect();
        if plan.after.take().is_some() {
            // Its iterations say themselves when it began.
            let first = iterations.iter().map(|iteration| iteration.due).min();
            plan.scenario.delay = first.unwrap_or(Nanos::ZERO);
        }
        open(&mut plan.scenario, &iterations, speed);
        plan.population = None;
        let curve = mean_rate(planned.len(), plan.scenario.length);
        plan.arrivals = Some((Box::new(RecordedArrivals::new(planned)), curve));
    }
    if let Some(name) = recorded.scenarios.keys().next() {
        return Err(RecordedMistake::UnknownScenario(name.clone()));
    }
    if speed != Speed::ONE {
        for program in workload.programs.iter_mut().filter_map(Arc::get_mut) {
            program.quicken(speed);
        }
    }
    Ok(())
}

/// What the iterations of an open scenario draw by: its law gives the n-th token the same key whenever it is played.
fn keys_of_tokens(
    mut law: Box<dyn AnyArrivals>,
    scenario: &Scenario,
    seed: RunSeed,
    iterations: &[Iteration],
) -> Result<Vec<u64>, RecordedMistake> {
    let by_number = in_order(iterations, |iteration| iteration.number)?;
    let most = (iterations.len() as u64).saturating_mul(TOKENS_FOR_ONE).max(TOKENS_LEAST);
    if let Some(last) = by_number.last().map(|place| iterations[*place])
        && u64::from(last.number) > most
    {
        let (name, count, number) = (&scenario.name, iterations.len(), last.number);
        let reason = format!(
            "iteration {number} of `{name}`, of which {count} are here: at most {most} are planned for so many"
        );
        return Err(RecordedMistake::line(last.line, reason));
    }
    let of_law = seed.key(u64::from(scenario.id.0), 0);
    let (mut taken, mut arrival) = (0, 0);
    let mut keys = vec![0; iterations.len()];
    for place in by_number {
        while taken < u64::from(iterations[place].number) {
            arrival = law.next_key(of_law);
            taken += 1;
        }
        keys[place] = open_key(seed, scenario.id, arrival);
    }
    Ok(keys)
}

/// The places of iterations in the order of what each of them alone has.
fn in_order<K: Ord>(
    iterations: &[Iteration],
    own: impl Fn(&Iteration) -> K,
) -> Result<Vec<usize>, RecordedMistake> {
    let mut places: Vec<usize> = (0..iterations.len()).collect();
    // Of two that are the same, the later line is the one too many.
    places.sort_unstable_by_key(|place| (own(&iterations[*place]), *place));
    let twice = places.windows(2).find(|pair| own(&iterations[pair[0]]) == own(&iterations[pair[1]]));
    match twice {
        Some(pair) => {
            let (first, again) = (iterations[pair[0]], iterations[pair[1]]);
            let reason = format!("iteration {} is that of line {} once more", again.number, first.line);
            Err(RecordedMistake::line(again.line, reason))
        }
        None => Ok(places),
    }
}

/// What the iterations of closed users draw by.
fn keys_of_users(
    scenario: &Scenario,
    seed: RunSeed,
    iterations: &[Iteration],
) -> Result<Vec<u64>, RecordedMistake> {
    in_order(iterations, |iteration| (iteration.user, iteration.number))?;
    let key = |iteration: &Iteration| {
        closed_key(seed, UserId::new(scenario.id, u64::from(iteration.user)), u64::from(iteration.number))
    };
    Ok(iterations.iter().map(key).collect())
}

/// Makes a scenario the open replay of these iterations.
fn open(scenario: &mut Scenario, iterations: &[Iteration], speed: Speed) {
    let most = (iterations.len() as u64).clamp(1, USERS_MOST);
    let (min, max) =
        if scenario.open { (scenario.bounds.min, scenario.bounds.max.max(most)) } else { (0, most) };
    scenario.bounds = UserBounds { min, max, on_demand: true };
    // What was done is done again: nothing is dropped for want of a user.
    scenario.overflow = Overflow::Queue { limit: None, timeout: None };
    let warm_until = speed.to_wall(scenario.warm_until());
    scenario.delay = speed.to_wall(scenario.delay);
    scenario.warm_up = warm_until - scenario.delay;
    if speed < Speed::ONE {
        // Iterations that wait longer than they did take longer to end.
        scenario.drain = speed.to_wall(scenario.drain);
    }
    (scenario.open, scenario.replayed, scenario.pace, scenario.iterations) = (true, true, None, None);
    // Half-open: the last one is due before the end.
    let last = iterations.iter().map(|iteration| speed.to_wall(iteration.due)).max();
    scenario.length = last.map_or(Nanos(1), |last| last + Nanos(1) - scenario.delay).max(Nanos(1));
}

/// The rate that so many iterations have in a time, as a curve: what a replay's load is measured by.
fn mean_rate(iterations: usize, length: Nanos) -> Curve {
    let rate =
        iterations as u128 * u128::from(Rate::PER_SECOND) * 1_000_000_000 / u128::from(length.0.max(1));
    let rate = u64::try_from(rate).unwrap_or(u64::MAX);
    Curve { stages: vec![Stage { from: rate, to: rate, length }] }
}
