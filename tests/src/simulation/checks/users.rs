//! No user is in two iterations at once, or in one before it came; there are never more users than allowed.

use std::collections::HashMap;

use super::{equal, holds};
use crate::simulation::{Case, Event, Load};

pub(super) fn check(case: &Case) -> Result<(), String> {
    for (plan, summary) in case.scenarios() {
        let mut spans: HashMap<u64, Vec<(u64, u64)>> = HashMap::new();
        for iteration in case.observed.iterations(&plan.name) {
            spans.entry(iteration.user).or_default().push((iteration.started, iteration.ended));
        }
        for (user, mut spans) in spans {
            spans.sort_unstable();
            let overlap = spans.windows(2).find(|pair| pair[0].1 > pair[1].0);
            holds(overlap.is_none(), || format!("user {user} of {} twice: {overlap:?}", plan.name))?;
        }
        let most = match &plan.load {
            Load::Open { users: (_, max), .. } => *max,
            Load::Closed { shape, .. } => shape.peak() / 10,
        };
        let (mut present, mut peak, mut created) = (HashMap::new(), 0, 0);
        for event in &case.observed.events {
            match event {
                Event::Created(scenario, user, at) if *scenario == plan.name => {
                    holds(present.insert(*user, *at).is_none(), || format!("user {user} made twice"))?;
                    created += 1;
                }
                Event::Iteration(record) if record.scenario == plan.name => {
                    let since = present.get(&record.user);
                    // Of what happens at one instant, the log has users' comings and goings first.
                    holds(since.is_none_or(|since| *since <= record.started), || {
                        format!("begun before its user came at {since:?}: {record:?}")
                    })?;
                }
                Event::Retired(scenario, user, _) if *scenario == plan.name => {
                    holds(present.remove(user).is_some(), || format!("user {user} went and was not there"))?;
                }
                _ => {}
            }
            peak = peak.max(present.len() as u64);
        }
        equal("users made", summary.users.created, created)?;
        equal("users gone at the end", summary.users.retired, summary.users.created)?;
        equal("the most users", summary.users.peak, peak)?;
        if matches!(plan.load, Load::Open { .. }) {
            holds(peak <= most, || format!("{peak} users, and at most {most} are allowed"))?;
        }
        let highest = case.observed.iterations(&plan.name).map(|iteration| iteration.user).max();
        holds(highest.unwrap_or(0) <= most.max(created), || format!("a user numbered {highest:?}"))?;
    }
    Ok(())
}
