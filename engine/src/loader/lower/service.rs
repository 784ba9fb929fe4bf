//! `service`: what answers for a target under `throng simulate`.

mod calls;
mod load;

use std::sync::Arc;

use throng_components::sample::StepId;
use throng_components::scenario::StepNames;
use throng_components::service::ServiceId;
use throng_components::target::TargetId;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problem, Problems, Share, Spanned, ValueKind,
};
use throng_systems::drivers::simulated::{Episode, EpisodeKind, Service, ServiceStep, USUAL_RANK};
use throng_systems::plugins::Registry;
use throng_systems::plugins::laws::Law;
use throng_systems::plugins::queues::QueuePlan;

pub(super) use self::load::warnings;
use super::names::{Names, unknown_kind, unknown_name};
use super::settings::positive;
use crate::loader::files::Beside;

/// `service shop { … }`
pub(crate) const SERVICE: NodeSpec = NodeSpec {
    name: "service",
    summary: "Models the target of that name, or what other services call: what answers under `throng simulate`.",
    sample: "service shop { servers 2; queue fifo limit=100; time exponential mean=\"10ms\"; fails ratio=\"1%\" }",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "A target, or a name that other services call.",
    }],
    children: &["servers", "queue", "time", "fails", "step", "calls", "outage", "stall"],
    ..NodeSpec::EMPTY
};

/// `servers 2`
pub(crate) const SERVERS: NodeSpec = NodeSpec {
    name: "servers",
    summary: "Sets how many requests the service works on at one time; 1 without it.",
    sample: "servers 2",
    arguments: &[ArgumentSpec {
        name: "number",
        kind: ValueKind::Count,
        required: true,
        summary: "1 or more.",
    }],
    ..NodeSpec::EMPTY
};

/// `queue KIND …`
pub(crate) const QUEUE: NodeSpec = NodeSpec {
    name: "queue",
    summary: "Says how requests wait for a server; in order and without a bound without it.",
    sample: "queue fifo limit=100",
    arguments: &[ArgumentSpec {
        name: "discipline",
        kind: ValueKind::Name,
        required: true,
        summary: "A queue discipline: `throng list queues`. More follows from it.",
    }],
    more_arguments: true,
    any_children: true,
    ..NodeSpec::EMPTY
};

/// `time KIND …`
pub(crate) const TIME: NodeSpec = NodeSpec {
    name: "time",
    summary: "Sets how long a server works on a request.",
    sample: "time exponential mean=\"10ms\"",
    arguments: &[ArgumentSpec {
        name: "law",
        kind: ValueKind::Name,
        required: true,
        summary: "A law of time: `throng list laws`. More follows from the law.",
    }],
    more_arguments: true,
    any_children: true,
    ..NodeSpec::EMPTY
};

/// `fails ratio="1%"`
pub(crate) const FAILS: NodeSpec = NodeSpec {
    name: "fails",
    summary: "Lets a share of requests fail; none without it.",
    sample: "fails ratio=\"1%\"",
    properties: &[FieldSpec {
        name: "ratio",
        kind: ValueKind::Share,
        default: "0%",
        summary: "The share of requests that fail.",
    }],
    ..NodeSpec::EMPTY
};

/// `step login { … }`
pub(crate) const STEP: NodeSpec = NodeSpec {
    name: "step",
    summary: "Says what differs for one step.",
    sample: "step home { time constant \"50ms\"; rank 1 }",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "A step of a behavior.",
    }],
    children: &["time", "fails", "rank"],
    ..NodeSpec::EMPTY
};

/// `rank 1`
pub(crate) const RANK: NodeSpec = NodeSpec {
    name: "rank",
    summary: "Says how urgent the step is in a queue by priority: lower is first; 100 without it.",
    sample: "rank 1",
    arguments: &[ArgumentSpec {
        name: "rank",
        kind: ValueKind::Count,
        required: true,
        summary: "0 for the most urgent.",
    }],
    ..NodeSpec::EMPTY
};

/// `calls db factor=2 …`
pub(crate) const CALLS: NodeSpec = NodeSpec {
    name: "calls",
    summary: "Lets each request call another service once its own work is done; its server waits for the answers.",
    sample: "calls db factor=2 timeout=\"100ms\" retries=1 backoff=\"10ms\"",
    arguments: &[ArgumentSpec {
        name: "service",
        kind: ValueKind::Name,
        required: true,
        summary: "Another service.",
    }],
    properties: &[
        FieldSpec {
            name: "factor",
            kind: ValueKind::Number,
            default: "1",
            summary: "How many calls a request makes on average, one after the other: 1.5 is one, and two for half of them.",
        },
        FieldSpec {
            name: "timeout",
            kind: ValueKind::Duration,
            default: "",
            summary: "How long it waits for each answer; as long as it takes without it.",
        },
        FieldSpec {
            name: "retries",
            kind: ValueKind::Count,
            default: "0",
            summary: "How often a call is made again when it failed; then the request fails.",
        },
        FieldSpec {
            name: "backoff",
            kind: ValueKind::Duration,
            default: "0s",
            summary: "How long it waits before.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// When an episode begins and how long it lasts.
const EPISODE_FIELDS: &[FieldSpec] = &[
    FieldSpec {
        name: "from",
        kind: ValueKind::Duration,
        default: "",
        summary: "When it begins, since the run's start.",
    },
    FieldSpec { name: "for", kind: ValueKind::Duration, default: "", summary: "How long it lasts, above 0." },
];

/// `outage from="10s" for="5s"`
pub(crate) const OUTAGE: NodeSpec = NodeSpec {
    name: "outage",
    summary: "Takes the service away for a while: what it has is lost, what comes is refused.",
    sample: "outage from=\"10s\" for=\"5s\"",
    properties: EPISODE_FIELDS,
    ..NodeSpec::EMPTY
};

/// `stall from="10s" for="5s"`
pub(crate) const STALL: NodeSpec = NodeSpec {
    name: "stall",
    summary: "Lets the service stand still for a while: requests wait, and work under way goes on afterwards.",
    sample: "stall from=\"10s\" for=\"5s\"",
    properties: EPISODE_FIELDS,
    ..NodeSpec::EMPTY
};

/// What a service refers to.
pub(super) struct Around<'a> {
    pub(super) registry: &'a Registry,
    pub(super) targets: &'a Names,
    pub(super) steps: &'a StepNames,
    /// The files that a node names.
    pub(super) files: &'a dyn Fn(&Node) -> Beside<'a>,
}

/// Reads all services.
pub(super) fn read_all(nodes: &[&Node], around: &Around<'_>, problems: &mut Problems) -> Vec<Service> {
    let names = Names::gather("service", nodes, problems);
    let read: Vec<Option<Service>> = (0..)
        .zip(nodes)
        .map(|(number, node)| problems.take(read(node, ServiceId(number), around, &names)))
        .collect();
    let known = names.all();
    problems.take(calls::check(nodes, &known, around.targets));
    read.into_iter().flatten().collect()
}

/// Reads one service.
fn read(node: &Node, id: ServiceId, around: &Around<'_>, names: &Names) -> Result<Service, Problems> {
    let mut fields = Fields::of(node, &SERVICE, 0);
    let name = fields.text_argument(0);
    let target = name.as_ref().and_then(|name| around.targets.number(name.value)).map(TargetId);
    let servers = fields.child("servers").map_or(Some(1), |child| fields.take(read_servers(child)));
    let queue = fields
        .child("queue")
        .map_or(Some(QueuePlan::default()), |child| fields.take(read_queue(child, around.registry)));
    let time = fields.required_child("time").and_then(|child| fields.take(read_time(child, around)));
    let fails = fields.child("fails").map_or(Some(Share(0.0)), |child| fields.take(read_fails(child)));
    let own = |child| read_step(child, around);
    let steps: Vec<ServiceStep> =
        node.children_named("step").filter_map(|child| fields.take(own(child))).collect();
    let call = |child| calls::read(child, names);
    let calls = node.children_named("calls").filter_map(|child| fields.take(call(child))).collect();
    let mut episodes = Vec::new();
    for (kind, name) in [(EpisodeKind::Outage, "outage"), (EpisodeKind::Stall, "stall")] {
        let read = node.children_named(name).filter_map(|child| fields.take(read_episode(child, kind)));
        episodes.extend(read.collect::<Vec<_>>());
    }
    episodes.sort_by_key(|episode| (episode.from, episode.until));
    let service = (|| {
        let (name, servers, queue, time, fails) = (name?.value.to_owned(), servers?, queue?, time?, fails?);
        Some(Service { name, id, target, servers, queue, time, fails, steps, calls, episodes })
    })();
    fields.finish(service)
}

fn read_servers(node: &Node) -> Result<u32, Problems> {
    let mut fields = Fields::of(node, &SERVERS, 0);
    let number = fields.count_argument(0, 1, 1_000_000);
    fields.finish(number.and_then(|number| u32::try_from(number).ok()))
}

fn read_queue(node: &Node, registry: &Registry) -> Result<QueuePlan, Problems> {
    let Some(kind) = node.text(0) else {
        let mut fields = Fields::of(node, &QUEUE, 0);
        let _ = fields.text_argument(0);
        return fields.finish(None);
    };
    match registry.queues.find(kind.value) {
        Some(entry) => (entry.read)(node),
        None => Err(Problems::from(unknown_kind(node, kind, "queue", registry.queues.names()))),
    }
}

fn read_time(node: &Node, around: &Around<'_>) -> Result<Arc<dyn Law>, Problems> {
    let registry = around.registry;
    let Some(kind) = node.text(0) else {
        let mut fields = Fields::of(node, &TIME, 0);
        let _ = fields.text_argument(0);
        return fields.finish(None);
    };
    let Some(entry) = registry.laws.find(kind.value) else {
        return Err(Problems::from(unknown_kind(node, kind, "time", registry.laws.names())));
    };
    let law = (entry.read)(node, &(around.files)(node))?;
    if law.mean() > 0.0 {
        return Ok(law);
    }
    Err(Problems::from(Problem::from(calls::ServiceMistake::NoTime { span: node.head() })))
}

fn read_fails(node: &Node) -> Result<Share, Problems> {
    let mut fields = Fields::of(node, &FAILS, 0);
    let ratio = fields.share("ratio");
    fields.finish(Some(ratio.unwrap_or(Share(0.0))))
}

fn read_step(node: &Node, around: &Around<'_>) -> Result<ServiceStep, Problems> {
    let mut fields = Fields::of(node, &STEP, 0);
    let mut problems = Problems::new();
    let step = fields.text_argument(0).and_then(|name| find_step(name, node, around.steps, &mut problems));
    fields.take(problems.or(()));
    let time = fields.child("time").map(|child| fields.take(read_time(child, around)));
    let fails = fields.child("fails").map(|child| fields.take(read_fails(child)));
    let rank = fields.child("rank").map_or(Some(USUAL_RANK), |child| fields.take(read_rank(child)));
    let own = step.zip(rank).map(|(step, rank)| ServiceStep {
        step,
        time: time.flatten(),
        fails: fails.flatten(),
        rank,
    });
    fields.finish(own)
}

/// Names of steps that an unknown one is compared with: there may be tens of thousands.
const MOST_COMPARED: usize = 200;

/// The step of that name; an unknown one is reported.
fn find_step(name: Spanned<&str>, node: &Node, steps: &StepNames, problems: &mut Problems) -> Option<StepId> {
    let found = steps.find(name.value);
    if found.is_none() {
        let known = steps.all().iter().take(MOST_COMPARED).cloned().collect();
        problems.push(unknown_name("step", name, node, known));
    }
    found
}

fn read_rank(node: &Node) -> Result<u32, Problems> {
    let mut fields = Fields::of(node, &RANK, 0);
    let rank = fields.count_argument(0, 0, u32::MAX.into());
    fields.finish(rank.and_then(|rank| u32::try_from(rank).ok()))
}

fn read_episode(node: &Node, kind: EpisodeKind) -> Result<Episode, Problems> {
    let spec = if kind == EpisodeKind::Outage { &OUTAGE } else { &STALL };
    let mut fields = Fields::of(node, spec, 0);
    fields.require_all();
    let from = fields.duration("from");
    let length = positive(&mut fields, "for");
    fields.finish(from.zip(length).map(|(from, length)| Episode { kind, from, until: from + length }))
}
