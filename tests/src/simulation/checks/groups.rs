//! A group lasts from the due of one of its steps to the end of one, within its iteration; the summary has all of them.

use std::collections::{BTreeMap, HashMap};

use super::{equal, holds};
use crate::simulation::{Case, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let mut iterations = HashMap::new();
    for plan in &case.plan.scenarios {
        for iteration in case.observed.iterations(&plan.name) {
            let warm = iteration.due < plan.counts_from();
            iterations.insert((plan.name.as_str(), iteration.user, iteration.iteration), (iteration, warm));
        }
    }
    let mut steps: HashMap<(&str, u64, u64), Vec<&Record>> = HashMap::new();
    for step in case.observed.steps() {
        steps.entry((&step.scenario, step.user, step.iteration)).or_default().push(step);
    }
    let mut by_name: BTreeMap<(&str, &str), Vec<&Record>> = BTreeMap::new();
    for group in case.observed.groups() {
        let key = (group.scenario.as_str(), group.user, group.iteration);
        let (iteration, warm) = iterations.get(&key).ok_or_else(|| format!("of no iteration: {group:?}"))?;
        holds(group.due >= iteration.due && group.ended <= iteration.ended, || {
            format!("{group:?} lies outside of {iteration:?}")
        })?;
        let inside = steps.get(&key).map_or(&[][..], Vec::as_slice);
        holds(inside.iter().any(|step| step.due == group.due), || format!("no step begins {group:?}"))?;
        let ends = group.outcome == "cut" || inside.iter().any(|step| step.ended == group.ended);
        holds(ends, || format!("no step ends {group:?}"))?;
        if !warm {
            by_name.entry((&group.scenario, &group.step)).or_default().push(group);
        }
    }
    for (plan, summary) in case.scenarios() {
        for (name, figures) in summary.groups.iter() {
            let all = by_name.remove(&(&plan.name, name)).unwrap_or_default();
            let of = |outcome: &str| all.iter().filter(|group| group.outcome == outcome).count() as u64;
            equal(&format!("{name}: groups"), figures.count, all.len() as u64 - of("cut"))?;
            equal(&format!("{name}: cut"), figures.cut, of("cut"))?;
            equal(&format!("{name}: failures"), figures.failures, of("failed"))?;
            let lengths =
                all.iter().filter(|group| group.outcome != "cut").map(|group| group.ended - group.due);
            equal(&format!("{name}: the longest"), figures.duration_ns.max, lengths.max())?;
        }
    }
    holds(by_name.is_empty(), || format!("groups that no figure knows: {:?}", by_name.keys()))
}
