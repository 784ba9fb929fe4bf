//! Even arrivals: token n is due where the area under the curve reaches n − ½, and a stretch of area A has ceil(A − ½).

use super::{equal, holds};
use crate::simulation::{Case, Load, ScenarioPlan, Shape};
use throng::summary::TokensSummary;

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, summary) in case.scenarios() {
        let (Load::Open { even, shape, .. }, Some(tokens)) = (&plan.load, summary.tokens) else { continue };
        for iteration in case.observed.iterations(&plan.name).filter(|_| *even) {
            let at = iteration.due - plan.begin();
            let target = iteration.iteration as f64 - 0.5;
            let (before, after) = (shape.area(at.saturating_sub(2)), shape.area(at + 2));
            holds(before - 1e-9 <= target && target <= after + 1e-9, || {
                format!("the area is {before} to {after} at {iteration:?}")
            })?;
        }
        if let Some(cap) = plan.iterations {
            holds(tokens.planned <= cap, || format!("{} planned, {cap} allowed", tokens.planned))?;
        }
        let of_run = case.stopped().map(|(at, _)| at);
        let stop = [of_run, summary.stopped_at_ns].into_iter().flatten().min();
        match (stop, &case.observed.summary.stopped_by) {
            (None, None) => played(plan, shape, *even, tokens)?,
            (None, Some(_)) => {}
            (Some(stop), _) => stopped(stop, plan, shape, *even, tokens)?,
        }
    }
    Ok(())
}

/// The tokens of a stretch of this area.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "areas are small and not negative"
)]
fn count(area: f64) -> u64 {
    (area - 0.5 - 1e-9).ceil().max(0.0) as u64
}

fn played(plan: &ScenarioPlan, shape: &Shape, even: bool, tokens: TokensSummary) -> Result<(), String> {
    let Some(length) = shape.length() else { return Ok(()) };
    let area = shape.area(length);
    if even {
        let cap = plan.iterations.unwrap_or(u64::MAX);
        equal("tokens of the whole shape", tokens.planned, count(area).min(cap))?;
    }
    if plan.iterations.is_none_or(|cap| cap > tokens.planned) {
        holds((tokens.expected - area).abs() < 1e-6, || format!("expected {} of {area}", tokens.expected))?;
    }
    Ok(())
}

fn stopped(
    stop: u64,
    plan: &ScenarioPlan,
    shape: &Shape,
    even: bool,
    tokens: TokensSummary,
) -> Result<(), String> {
    let lasted = stop.min(plan.end().unwrap_or(u64::MAX)).saturating_sub(plan.begin());
    let area = shape.area(lasted);
    if plan.iterations.is_none() {
        holds((tokens.expected - area).abs() < 1e-6, || format!("expected {} of {area}", tokens.expected))?;
        let due = tokens.planned - tokens.cancelled;
        // What is due at the very instant of the stop may be counted on either side.
        holds(!even || due.abs_diff(count(area)) <= 1, || format!("{due} tokens due in an area of {area}"))?;
    }
    Ok(())
}
