//! The services' own books: every request has one fate, and Little's law holds to rounding.

use super::{equal, holds};
use crate::simulation::Case;

pub(super) fn check(case: &Case) -> Result<(), String> {
    let summary = &case.observed.summary;
    for (name, service) in summary.services.iter() {
        let requests = &service.requests;
        let fates =
            requests.served + requests.failed + requests.refused + requests.lost + requests.unfinished;
        equal(&format!("{name}: requests by their fates"), fates, requests.arrived)?;
        equal(
            &format!("{name}: requests that were done"),
            service.sojourn_ns.count,
            requests.served + requests.failed,
        )?;
        let share = service.utilisation.unwrap_or(0.0);
        holds((0.0..=1.0).contains(&share), || format!("{name}: busy for {share} of its time"))?;
        let (present, waiting) = (service.present_mean.unwrap_or(0.0), service.waiting_mean.unwrap_or(0.0));
        holds(waiting <= present + 1e-9, || format!("{name}: {waiting} wait of {present}"))?;
        // Lost and unfinished ones were there, too, and nobody says for how long.
        if requests.lost > 0 || requests.unfinished > 0 {
            continue;
        }
        let there = present * summary.duration_ns as f64;
        let stays = service.sojourn_ns.mean.unwrap_or(0) as f64 * service.sojourn_ns.count as f64;
        // The mean is a whole number of nanoseconds.
        let rounding = service.sojourn_ns.count as f64 + 1e-9 * there;
        holds((there - stays).abs() <= rounding, || {
            format!("{name}: {there} ns spent in it by the clock, {stays} ns by its requests")
        })?;
    }
    Ok(())
}
