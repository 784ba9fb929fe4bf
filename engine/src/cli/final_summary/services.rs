//! Modelled services in the results: how busy they were, how many requests were in them and for how long.

use super::paint::{Colour, Paint};
use super::quantity::{count, share};
use super::table::{Column, Table};
use super::{NOTHING, p99, section, time};
use crate::summary::{ServiceSummary, Summary};

/// Adds the section, where there are services.
pub(super) fn services(text: &mut String, summary: &Summary, paint: Paint) {
    if summary.services.is_empty() {
        return;
    }
    section(text, "services", paint);
    let mut table = Table::new(&[
        Column::name("on average over time; wait for a server and time in it: mean and p99"),
        Column::number("requests", 9),
        Column::number("busy", 7),
        Column::number("in it", 7),
        Column::number("waiting", 8),
        Column::number("wait", 8),
        Column::number("p99", 8),
        Column::number("time", 8),
        Column::number("p99", 8),
    ]);
    for (name, service) in summary.services.iter() {
        table.row(&[
            name,
            &count(service.requests.arrived),
            &service.utilisation.map_or(NOTHING.to_owned(), share),
            &average(service.present_mean),
            &average(service.waiting_mean),
            &time(service.wait_ns.mean),
            &p99(&service.wait_ns),
            &time(service.sojourn_ns.mean),
            &p99(&service.sojourn_ns),
        ]);
        for note in losses(service) {
            table.note(&paint.coloured(Colour::Yellow, &note));
        }
    }
    text.push_str(&table.render());
}

/// An average number of requests.
fn average(value: Option<f64>) -> String {
    match value {
        None => NOTHING.to_owned(),
        Some(value) if value < 10.0 => format!("{value:.2}"),
        Some(value) => format!("{value:.1}"),
    }
}

/// What did not go well at a service, in words.
fn losses(service: &ServiceSummary) -> Vec<String> {
    let requests = &service.requests;
    let told = [
        (requests.failed, "failed"),
        (requests.refused, "refused: the queue was full"),
        (requests.lost, "lost in an outage"),
        (requests.given_up, "given up by their callers"),
        (requests.unfinished, "unfinished at the end"),
    ];
    let told = told.into_iter().filter(|(number, _)| *number > 0);
    told.map(|(number, what)| format!("{} {what}", count(number))).collect()
}
