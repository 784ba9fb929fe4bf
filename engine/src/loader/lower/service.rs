//! `service`: what answers for a target under `throng simulate`.

use std::sync::Arc;

use throng_components::target::TargetId;
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, Share, ValueKind,
};
use throng_systems::plugins::Registry;
use throng_systems::plugins::laws::Law;

use super::names::{Names, unknown_kind};
use crate::loader::workload::ServicePlan;

/// `service shop { … }`
pub(crate) const SERVICE: NodeSpec = NodeSpec {
    name: "service",
    summary: "Models the target of that name: what answers under `throng simulate`.",
    sample: "service shop { servers 2; queue fifo limit=100; time exponential mean=\"10ms\"; fails ratio=\"1%\" }",
    arguments: &[ArgumentSpec { name: "name", kind: ValueKind::Name, required: true, summary: "A target." }],
    children: &["servers", "queue", "time", "fails"],
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

/// `queue fifo limit=100`
pub(crate) const QUEUE: NodeSpec = NodeSpec {
    name: "queue",
    summary: "Says how requests wait for a server; in order and without a bound without it.",
    sample: "queue fifo limit=100",
    arguments: &[ArgumentSpec {
        name: "order",
        kind: ValueKind::Word(&["fifo"]),
        required: true,
        summary: "First come, first served.",
    }],
    properties: &[FieldSpec {
        name: "limit",
        kind: ValueKind::Count,
        default: "",
        summary: "How many may wait, 0 for none; one more fails.",
    }],
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

/// Reads one service.
pub(super) fn read(node: &Node, registry: &Registry, targets: &Names) -> Result<ServicePlan, Problems> {
    let mut fields = Fields::of(node, &SERVICE, 0);
    let name = fields.text_argument(0);
    let mut problems = Problems::new();
    let target = name.as_ref().and_then(|name| targets.find(name, node, &mut problems));
    fields.take(problems.or(()));
    let servers = fields.child("servers").map_or(Some(1), |child| fields.take(read_servers(child)));
    let limit = fields.child("queue").map_or(Some(None), |child| fields.take(read_queue(child)));
    let time = fields.required_child("time").and_then(|child| fields.take(read_time(child, registry)));
    let fails = fields.child("fails").map_or(Some(Share(0.0)), |child| fields.take(read_fails(child)));
    let plan = (|| {
        let (name, target) = (name?.value.to_owned(), TargetId(target?));
        Some(ServicePlan { name, target, servers: servers?, limit: limit?, time: time?, fails: fails? })
    })();
    fields.finish(plan)
}

fn read_servers(node: &Node) -> Result<u32, Problems> {
    let mut fields = Fields::of(node, &SERVERS, 0);
    let number = fields.count_argument(0, 1, 1_000_000);
    fields.finish(number.and_then(|number| u32::try_from(number).ok()))
}

fn read_queue(node: &Node) -> Result<Option<u64>, Problems> {
    let mut fields = Fields::of(node, &QUEUE, 0);
    let order = fields.text_argument(0);
    if let Some(order) = order.filter(|order| order.value != "fifo") {
        fields.problem(unknown_kind(node, order, "queue", vec!["fifo"]));
    }
    let limit = fields.count("limit", 0, u64::MAX);
    fields.finish(Some(limit))
}

fn read_time(node: &Node, registry: &Registry) -> Result<Arc<dyn Law>, Problems> {
    let Some(kind) = node.text(0) else {
        let mut fields = Fields::of(node, &TIME, 0);
        let _ = fields.text_argument(0);
        return fields.finish(None);
    };
    match registry.laws.find(kind.value) {
        Some(entry) => (entry.read)(node),
        None => Err(Problems::from(unknown_kind(node, kind, "time", registry.laws.names()))),
    }
}

fn read_fails(node: &Node) -> Result<Share, Problems> {
    let mut fields = Fields::of(node, &FAILS, 0);
    let ratio = fields.share("ratio");
    fields.finish(Some(ratio.unwrap_or(Share(0.0))))
}
