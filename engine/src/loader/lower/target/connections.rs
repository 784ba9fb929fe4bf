//! `connections`: who uses which connection, and for how long.

use throng_components::target::{ConnectionLife, ConnectionPolicy};
use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Node, NodeSpec, Problems, ValueKind,
};

use crate::loader::lower::names::unknown_kind;
use crate::loader::lower::pointless::Pointless;

const POLICIES: &[&str] = &["per-user", "shared", "per-request"];

/// `connections shared limit=64`
pub(crate) const CONNECTIONS: NodeSpec = NodeSpec {
    name: "connections",
    summary: "Says who uses which connection, and for how long; each user its own without it. Where the target has closed a kept one, a request that may be repeated (GET, HEAD, OPTIONS, TRACE, PUT, DELETE) goes out once more, on a new one, and is counted as `resent`.",
    sample: "connections shared limit=64 max-age=\"60s\" max-requests=100",
    arguments: &[ArgumentSpec {
        name: "policy",
        kind: ValueKind::Word(POLICIES),
        required: true,
        summary: "`per-user`; `shared` among all users; `per-request`, closed behind each.",
    }],
    properties: &[
        FieldSpec {
            name: "limit",
            kind: ValueKind::Count,
            default: "",
            summary: "How many are shared, over all threads; needed with `shared`. A run has no more threads than that.",
        },
        FieldSpec {
            name: "max-age",
            kind: ValueKind::Duration,
            default: "",
            summary: "From when on another is opened for the next request; without it, when the target closes it.",
        },
        FieldSpec {
            name: "max-requests",
            kind: ValueKind::Count,
            default: "",
            summary: "Behind how many requests it is closed; without it, when the target closes it.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// Reads the node.
pub(super) fn read(node: &Node) -> Result<(ConnectionPolicy, ConnectionLife), Problems> {
    let mut fields = Fields::of(node, &CONNECTIONS, 0);
    let life = ConnectionLife {
        max_age: fields.duration("max-age"),
        max_requests: fields.count("max-requests", 1, u64::MAX),
    };
    let policy = fields.text_argument(0).and_then(|word| match word.value {
        "per-user" => Some(ConnectionPolicy::PerUser),
        "per-request" => Some(ConnectionPolicy::PerRequest),
        "shared" => {
            fields.require("limit");
            let limit = fields.count("limit", 1, 1_000_000)?;
            u32::try_from(limit).ok().map(|limit| ConnectionPolicy::Shared { limit })
        }
        _ => {
            fields.problem(unknown_kind(node, word, "connections", POLICIES.to_vec()));
            None
        }
    });
    let (names, why): (&[&str], _) = match policy {
        Some(ConnectionPolicy::PerUser) => (&["limit"], "each user has its own"),
        Some(ConnectionPolicy::PerRequest) => {
            (&["limit", "max-age", "max-requests"], "each request has its own")
        }
        Some(ConnectionPolicy::Shared { .. }) | None => (&[], ""),
    };
    if let Some(word) = node.arguments.first() {
        for (name, _) in node.properties.iter().filter(|(name, _)| names.contains(&name.value.as_str())) {
            fields.problem(Pointless { name: name.clone(), because: Label::new(word.span, why) });
        }
    }
    fields.finish(policy.map(|policy| (policy, life)))
}
