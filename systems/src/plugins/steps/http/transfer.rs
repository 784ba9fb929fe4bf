//! How requests and answers are carried: cookies, redirects and compression. A target says it for all its steps, and a
//! step may say otherwise of its redirects and compression.

use throng_components::target::{ContentCoding, CookiePolicy};
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, ValueKind};

/// `cookies`, in a target.
pub const COOKIES: NodeSpec = NodeSpec {
    name: "cookies",
    summary: "Says how long users keep the cookies that the target sets (RFC 6265).",
    sample: "cookies per-user",
    arguments: &[ArgumentSpec {
        name: "policy",
        kind: ValueKind::Word(&["per-iteration", "per-user", "off"]),
        required: true,
        summary: "`per-iteration`, as without this node: each begins as somebody new; `per-user`; or `off`.",
    }],
    ..NodeSpec::EMPTY
};

/// `redirects`, in a target or a step.
pub const REDIRECTS: NodeSpec = NodeSpec {
    name: "redirects",
    summary: "Follows redirects. Without it a redirect is the answer: a step is one request, which is what a load test counts.",
    sample: "redirects follow=10",
    properties: &[FieldSpec {
        name: "follow",
        kind: ValueKind::Count,
        default: "",
        summary: "How many in a row, 0 to 50; one more fails the step. They are part of its attempt: one start, one end.",
    }],
    ..NodeSpec::EMPTY
};

/// `compression`, in a target or a step.
pub const COMPRESSION: NodeSpec = NodeSpec {
    name: "compression",
    summary: "Accepts compressed answers, in this order of preference; they are unpacked where a step looks into them.",
    sample: "compression gzip br",
    arguments: &[ArgumentSpec {
        name: "coding",
        kind: ValueKind::Word(&["gzip", "br", "deflate", "zstd", "off"]),
        required: true,
        summary: "Sent as `accept-encoding`; `off` alone sends none.",
    }],
    more_arguments: true,
    ..NodeSpec::EMPTY
};

/// Redirects followed in a row, at most.
const FOLLOW_MOST: u64 = 50;

/// Reads `cookies`.
///
/// # Errors
/// What is wrong in the node.
pub fn read_cookies(node: &Node) -> Result<CookiePolicy, Problems> {
    let mut fields = Fields::of(node, &COOKIES, 0);
    let policy = match fields.word_arguments(0).first() {
        Some(&"per-user") => CookiePolicy::PerUser,
        Some(&"off") => CookiePolicy::Off,
        _ => CookiePolicy::PerIteration,
    };
    fields.finish(Some(policy))
}

/// Reads `redirects`.
///
/// # Errors
/// What is wrong in the node.
pub fn read_redirects(node: &Node) -> Result<u8, Problems> {
    let mut fields = Fields::of(node, &REDIRECTS, 0);
    fields.require("follow");
    let follow = fields.count("follow", 0, FOLLOW_MOST).and_then(|follow| u8::try_from(follow).ok());
    fields.finish(follow)
}

/// Reads `compression`.
///
/// # Errors
/// What is wrong in the node.
pub fn read_compression(node: &Node) -> Result<Vec<ContentCoding>, Problems> {
    let mut fields = Fields::of(node, &COMPRESSION, 0);
    let words = fields.word_arguments(0);
    let codings = words
        .iter()
        .filter_map(|word| ContentCoding::ALL.iter().find(|(name, _)| name == word))
        .map(|(_, coding)| *coding);
    fields.finish(Some(codings.collect()))
}
