//! `start`: when a scenario begins, and after which other one.

use throng_components::clock::Nanos;
use throng_components::scenario::ScenarioId;
use throng_components::workload::{
    FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Scalar, Span, ValueKind,
};
use throng_systems::start_after::StartsAfter;

use super::names::Names;
use super::pointless::Pointless;

/// `start delay="10s"`
pub(crate) const START: NodeSpec = NodeSpec {
    name: "start",
    summary: "Sets when the scenario begins; with the run without it.",
    sample: "start delay=\"10s\"",
    properties: &[
        FieldSpec {
            name: "delay",
            kind: ValueKind::Duration,
            default: "0s",
            summary: "Time since the run's start, or since the end of the scenario that it comes after.",
        },
        FieldSpec::of(
            "after",
            ValueKind::Name,
            "Another scenario: this one begins when it has drained, three ticks later at the soonest.",
        ),
        FieldSpec {
            name: "jitter",
            kind: ValueKind::Duration,
            default: "0s",
            summary: "How long after it is wanted a closed user begins, at most: each time up to it is as likely, so that a crowd \
                      does not begin as one.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// Scenarios that wait for each other: none of them would ever begin.
#[derive(Clone, Debug, PartialEq)]
struct Circle {
    scenarios: Vec<String>,
    spans: Vec<Span>,
}

impl Mistake for Circle {
    fn code(&self) -> &'static str {
        "T0286"
    }

    fn message(&self) -> String {
        match self.scenarios.as_slice() {
            [only, _] => format!("the scenario `{only}` waits for itself"),
            all => format!("scenarios wait for each other in a circle: {}", all.join(" → ")),
        }
    }

    fn labels(&self) -> Vec<Label> {
        let text = |place| {
            if place == 0 { "never drains, because it never begins" } else { "and neither does this one" }
        };
        self.spans.iter().enumerate().map(|(place, span)| Label::new(*span, text(place))).collect()
    }

    fn help(&self) -> Option<String> {
        Some("let one of them begin by itself: take its `after=` out".to_owned())
    }
}

/// When a scenario begins.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Start {
    /// Time since the run's start; [`Nanos::MAX`] while another scenario has to end first.
    pub(super) delay: Nanos,
    /// Over how much more closed users begin.
    pub(super) stagger: Nanos,
    /// What it waits for.
    pub(super) after: Option<StartsAfter>,
}

/// Reads `start`; `arrivals`: those of its scenario, where it is open.
pub(super) fn read(node: &Node, arrivals: Option<&Node>, scenarios: &Names) -> Result<Start, Problems> {
    let mut fields = Fields::of(node, &START, 0);
    let (delay, jitter) = (fields.duration("delay"), fields.duration("jitter"));
    let written = node.properties.iter().find(|(name, _)| name.value == "jitter");
    if let (Some(arrivals), Some((name, _))) = (arrivals, written) {
        let because = Label::new(arrivals.head(), "arrivals do not come all at once");
        fields.problem(Pointless { name: name.clone(), because });
    }
    let mut problems = Problems::new();
    let after = fields.text("after").and_then(|name| scenarios.find(&name, node, &mut problems));
    fields.take(problems.or(()));
    let (delay, stagger) = (delay.unwrap_or(Nanos::ZERO), jitter.unwrap_or(Nanos::ZERO));
    let after = after.map(|scenario| StartsAfter { scenario: ScenarioId(scenario), delay });
    fields.finish(Some(Start { delay: if after.is_some() { Nanos::MAX } else { delay }, stagger, after }))
}

/// The circles among scenarios that wait for each other: each once.
pub(super) fn circles(nodes: &[&Node], scenarios: &Names) -> Problems {
    let waits: Vec<Option<(usize, Span)>> = nodes
        .iter()
        .map(|node| {
            let start = node.children_named(START.name).next()?;
            let entry = start.property("after")?;
            let Scalar::Text(name) = entry.known() else { return None };
            Some((usize::from(scenarios.number(name)?), entry.span))
        })
        .collect();
    let mut problems = Problems::new();
    let mut seen = vec![false; waits.len()];
    for first in 0..waits.len() {
        let (mut path, mut spans, mut at) = (Vec::new(), Vec::new(), first);
        // What has been walked before leads to no circle, or to one that has been told.
        while !seen[at]
            && let Some((next, span)) = waits[at]
        {
            seen[at] = true;
            path.push(at);
            spans.push(span);
            at = next;
        }
        if let Some(start) = path.iter().position(|place| *place == at) {
            let names = scenarios.all();
            let circle = path[start..].iter().chain([&at]);
            let scenarios = circle.map(|place| names.get(*place).cloned().unwrap_or_default()).collect();
            problems.push(Circle { scenarios, spans: spans[start..].to_vec() });
        }
    }
    problems
}
