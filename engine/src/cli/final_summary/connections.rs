//! Connections: how many were opened, used again, and found closed; and what went over them.

use super::paint::Paint;
use super::quantity::{bytes, count};
use super::section;
use super::table::wrap;
use crate::summary::{StepSummary, Summary};

/// What scenarios' connections and bytes came to.
pub(super) fn connections(text: &mut String, summary: &Summary, paint: Paint) {
    section(text, "connections", paint);
    for (name, scenario) in summary.scenarios.iter() {
        let connections = &scenario.connections;
        let sent =
            |part: fn(&StepSummary) -> u64| bytes(scenario.steps.iter().map(|(_, step)| part(step)).sum());
        let unverified = if connections.tls_unverified { ", certificates NOT verified" } else { "" };
        let resent = match connections.resent {
            0 => String::new(),
            resent => format!(" ({} sent again: the target had closed)", count(resent)),
        };
        let figures = format!(
            "{name}: {} opened, {} requests on open ones{resent}; {} sent, {} received{unverified}",
            count(connections.opened),
            count(connections.reused),
            sent(|step| step.bytes_sent),
            sent(|step| step.bytes_received),
        );
        wrap(text, &figures, "  ");
    }
}
