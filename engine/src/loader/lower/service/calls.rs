//! Who calls whom: calls lead to services that are there, never in a circle, and every service is reached.

use throng_components::clock::Nanos;
use throng_components::service::ServiceId;
use throng_components::workload::{
    Fields, Label, Mistake, Node, Problems, Span, Spanned, did_you_mean, nearest,
};
use throng_systems::drivers::simulated::ServiceCall;

use super::super::names::Names;
use super::CALLS;

/// Calls of one kind that a request makes, at most.
const FACTOR_MOST: f64 = 1_000.0;

/// Retries of a call, at most.
const RETRIES_MOST: u64 = 60;

/// A mistake in what services are made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum ServiceMistake {
    /// Services that call each other in a circle: a request would never be answered.
    Circle { services: Vec<String>, calls: Vec<Span> },
    /// A service that stands for no target and is called by none.
    Unreached { name: String, span: Span, near: Option<Label>, targets: Vec<String> },
    /// A law of service time that is always 0.
    NoTime { span: Span },
}

impl Mistake for ServiceMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Circle { .. } => "T0256",
            Self::Unreached { .. } => "T0257",
            Self::NoTime { .. } => "T0258",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Circle { services, .. } => {
                format!("services call each other in a circle: {}", services.join(" → "))
            }
            Self::Unreached { name, .. } => format!("nothing reaches the service `{name}`"),
            Self::NoTime { .. } => "a service that takes no time".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Circle { calls, .. } => {
                let text = |place| if place == 0 { "leads back here" } else { "by way of this" };
                calls.iter().enumerate().map(|(place, span)| Label::new(*span, text(place))).collect()
            }
            Self::Unreached { span, near, .. } => {
                let own = Label::new(*span, "no target of this name, and no service calls it");
                std::iter::once(own).chain(near.clone()).collect()
            }
            Self::NoTime { span } => vec![Label::new(*span, "0 on average")],
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Circle { .. } => "take one of these calls out".to_owned(),
            Self::Unreached { name, targets, .. } => {
                let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
                let meant = nearest(name, &targets).and_then(|_| did_you_mean(name, &targets));
                meant.unwrap_or_else(|| format!("add `target {name} …`, or `calls {name}` to a service"))
            }
            Self::NoTime { .. } => "write a time above 0, such as `time constant \"1us\"`".to_owned(),
        })
    }
}

/// Reads `calls NAME …`.
pub(super) fn read(node: &Node, names: &Names) -> Result<ServiceCall, Problems> {
    let mut fields = Fields::of(node, &CALLS, 0);
    let mut problems = Problems::new();
    let service = fields.text_argument(0).and_then(|name| names.find(&name, node, &mut problems));
    fields.take(problems.or(()));
    let factor = fields.number("factor", 0.0, FACTOR_MOST).unwrap_or(1.0);
    let timeout = if node.property("timeout").is_some() {
        super::positive(&mut fields, "timeout").unwrap_or(Nanos::MAX)
    } else {
        Nanos::MAX
    };
    let retries = fields.count("retries", 0, RETRIES_MOST).unwrap_or(0);
    let backoff = fields.duration("backoff").unwrap_or(Nanos::ZERO);
    let retries = u32::try_from(retries).unwrap_or(0);
    let call =
        service.map(|service| ServiceCall { service: ServiceId(service), factor, timeout, retries, backoff });
    fields.finish(call)
}

/// Looks at all calls together.
pub(super) fn check(nodes: &[&Node], names: &[String], targets: &Names) -> Result<(), Problems> {
    let mut problems = Problems::new();
    let calls: Vec<Vec<(usize, Span)>> = nodes.iter().map(|node| calls_of(node, names)).collect();
    if let Some(circle) = circle(&calls) {
        let mut services: Vec<String> = circle.iter().map(|(from, _)| names[*from].clone()).collect();
        services.extend(services.first().cloned());
        problems.push(ServiceMistake::Circle {
            services,
            calls: circle.into_iter().map(|(_, span)| span).collect(),
        });
    }
    for (place, node) in nodes.iter().enumerate().filter(|(place, _)| *place < names.len()) {
        let is_called = calls.iter().flatten().any(|(to, _)| *to == place);
        if let Some(name) = node.text(0).filter(|name| !is_called && targets.number(name.value).is_none()) {
            let (near, targets) = (targets.near(name.value), targets.all());
            let name = Spanned::new(name.value.to_owned(), name.span);
            problems.push(ServiceMistake::Unreached { name: name.value, span: name.span, near, targets });
        }
    }
    problems.or(())
}

/// The services that one calls, with the names' spans.
fn calls_of(node: &Node, names: &[String]) -> Vec<(usize, Span)> {
    let callees = node.children_named("calls").filter_map(|call| call.text(0));
    let known = callees.filter_map(|to| Some((names.iter().position(|name| name == to.value)?, to.span)));
    known.collect()
}

/// The first circle of calls: each of its services, and where the one before calls it; the first is called by the last.
fn circle(calls: &[Vec<(usize, Span)>]) -> Option<Vec<(usize, Span)>> {
    /// How far a service has been looked at.
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        OnTheWay,
        Done,
    }
    let mut marks = vec![Mark::New; calls.len()];
    for start in 0..calls.len() {
        // The way from the start: who, how many of its calls were followed, and where it was called.
        let mut way: Vec<(usize, usize, Span)> = vec![(start, 0, Span::default())];
        while let Some((service, followed, _)) = way.last_mut() {
            let (service, call) = (*service, *followed);
            if marks[service] == Mark::Done {
                way.pop();
                continue;
            }
            marks[service] = Mark::OnTheWay;
            *followed += 1;
            match calls[service].get(call) {
                None => marks[service] = Mark::Done,
                Some((to, span)) if marks[*to] == Mark::OnTheWay => {
                    let from = way.iter().position(|(known, ..)| known == to).unwrap_or(0);
                    let mut found: Vec<(usize, Span)> =
                        way[from..].iter().map(|(service, _, span)| (*service, *span)).collect();
                    found[0].1 = *span;
                    return Some(found);
                }
                Some((to, span)) => way.push((*to, 0, *span)),
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `calls`: who calls whom. `expected`: the services of the first circle.
    fn check_circle(calls: &[&[usize]], expected: Option<&[usize]>) {
        let calls: Vec<Vec<(usize, Span)>> =
            calls.iter().map(|to| to.iter().map(|to| (*to, Span::default())).collect()).collect();
        let found =
            circle(&calls).map(|circle| circle.into_iter().map(|(service, _)| service).collect::<Vec<_>>());
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn circles_are_found_and_forks_are_none() {
        check_circle(&[&[1, 2], &[3], &[3], &[]], None);
        check_circle(&[&[0]], Some(&[0]));
        check_circle(&[&[1], &[2], &[1]], Some(&[1, 2]));
        check_circle(&[&[], &[3, 0], &[0], &[2, 1]], Some(&[1, 3]));
    }
}
