//! What went wrong, in the results.

use std::collections::BTreeMap;

use super::paint::Paint;
use super::quantity::count;
use super::section;
use super::table::wrap;
use crate::summary::Summary;

/// Why steps failed, were tried again, and why iterations failed beside their steps.
pub(super) fn errors(text: &mut String, summary: &Summary, paint: Paint) {
    let of_steps = summary.steps.iter().map(|(name, step)| (name.to_owned(), &step.errors));
    let retried =
        summary.steps.iter().map(|(name, step)| (format!("{name}, tried again after"), &step.retried));
    let of_iterations = summary
        .scenarios
        .iter()
        .map(|(name, scenario)| (format!("iterations of {name}"), &scenario.iterations.errors));
    let all: Vec<_> = of_steps
        .chain(retried)
        .chain(of_iterations)
        .filter(|(_, errors): &(String, &BTreeMap<String, u64>)| !errors.is_empty())
        .collect();
    if all.is_empty() {
        return;
    }
    section(text, "errors", paint);
    for (name, errors) in all {
        let mut kinds: Vec<_> = errors.iter().collect();
        kinds.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
        let kinds: Vec<_> =
            kinds.iter().map(|(kind, number)| format!("{kind} × {}", count(**number))).collect();
        wrap(text, &format!("{name}: {}", kinds.join(", ")), "  ");
    }
}
