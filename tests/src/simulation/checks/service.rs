//! The modelled service: first come, first served; its law of time; never more at work than it has servers.

use std::collections::BinaryHeap;

use super::{equal, holds};
use crate::simulation::{Case, Record};

pub(super) fn check(case: &Case) -> Result<(), String> {
    let service = &case.plan.service;
    let mut sent: Vec<&Record> = case.observed.tries().filter(|step| is_sent(step)).collect();
    if service.limit.is_none() {
        holds(sent.iter().all(|step| step.error != "service_full"), || "full without a limit".to_owned())?;
    }
    if service.fails == 0 && service.model.is_plain() {
        holds(sent.iter().all(|step| step.status != 500), || "a failure that was not asked for".to_owned())?;
    }
    for step in &sent {
        let patience = service.timeout * 1_000_000;
        let took = step.ended - step.started;
        holds(took <= patience, || format!("longer than the timeout: {step:?}"))?;
        if step.error == "timeout" {
            equal("the length of a timeout", took, patience)?;
        }
    }
    let Some(constant) = service.constant.filter(|_| service.model.is_plain()) else { return Ok(()) };
    sent.retain(|step| step.error != "service_full");
    // Of two that come at one instant, the log does not tell which was first in the queue. Where both are answered that
    // makes no difference, but one that another strand made its user give up may have been before one that was answered.
    let given_up = |step: &Record| step.status == 0 && step.error.is_empty();
    let unclear = sent.iter().any(|step| {
        given_up(step) && sent.iter().any(|other| other.started == step.started && !given_up(other))
    });
    if unclear {
        return Ok(());
    }
    // All take the same time, so that whoever comes first ends first; who comes at one instant may be exchanged.
    sent.sort_by_key(|step| (step.started, step.status == 0, step.ended));
    let mut free: BinaryHeap<std::cmp::Reverse<u64>> =
        (0..service.servers).map(|_| std::cmp::Reverse(0)).collect();
    for step in sent {
        let std::cmp::Reverse(idle_since) = free.pop().unwrap_or_default();
        let ends = step.started.max(idle_since) + constant * 1_000_000;
        free.push(std::cmp::Reverse(ends));
        let answered = step.status != 0;
        holds(!answered || step.ended == ends, || format!("to be answered at {ends}: {step:?}"))?;
    }
    Ok(())
}

/// Whether a step reached the service.
fn is_sent(step: &Record) -> bool {
    step.step.contains("-h") || (step.step.contains("-maybe") && step.error != "unset-variable")
}
