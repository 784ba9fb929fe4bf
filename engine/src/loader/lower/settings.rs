//! The run's own settings: `throng`, `seed`, `tick`, `threads`, `generator`.

use throng_components::clock::Nanos;
use throng_components::run::VerdictBounds;
use throng_components::speed::Speed;
use throng_components::workload::{
    ArgumentSpec, Entry, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problems, Scalar, Share, Span,
    ValueKind,
};

/// `throng 1`
pub(crate) const THRONG: NodeSpec = NodeSpec {
    name: "throng",
    summary: "Names the version of the language; the first node of every workload.",
    sample: "throng 1",
    arguments: &[ArgumentSpec {
        name: "version",
        kind: ValueKind::Count,
        required: true,
        summary: "1, the only one so far.",
    }],
    ..NodeSpec::EMPTY
};

/// `seed 42`
pub(crate) const SEED: NodeSpec = NodeSpec {
    name: "seed",
    summary: "Fixes all that is random in the run; without it a seed is drawn and printed.",
    sample: "seed 42",
    arguments: &[ArgumentSpec {
        name: "number",
        kind: ValueKind::Count,
        required: true,
        summary: "Any whole number of 64 bits.",
    }],
    ..NodeSpec::EMPTY
};

/// `clock real speed=200`
pub(crate) const CLOCK: NodeSpec = NodeSpec {
    name: "clock",
    summary: "Lets a run's time pass faster or slower than the wall clock's. Every time of the workload and every figure is in \
        the run's time, but for `tick` and `late over=`. `simulate` has no need of it and leaves it out.",
    sample: "clock real speed=200",
    arguments: &[ArgumentSpec {
        name: "source",
        kind: ValueKind::Word(&["real"]),
        required: true,
        summary: "The machine's clock.",
    }],
    properties: &[FieldSpec {
        name: "speed",
        kind: ValueKind::Number,
        default: "1",
        summary: "Seconds of the run's time in one second of wall time, from 0.001 to 10,000, to the millionth.",
    }],
    ..NodeSpec::EMPTY
};

/// `tick "10ms" look-ahead=2`
pub(crate) const TICK: NodeSpec = NodeSpec {
    name: "tick",
    summary: "Sets how often the world decides, in wall time; arrivals, waits and rules are exact and do not depend on it.",
    sample: "tick \"10ms\" look-ahead=2",
    arguments: &[ArgumentSpec {
        name: "length",
        kind: ValueKind::Duration,
        required: false,
        summary: "From `100us` to `1s`; `10ms` without it.",
    }],
    properties: &[FieldSpec {
        name: "look-ahead",
        kind: ValueKind::Count,
        default: "2",
        summary: "How many ticks ahead tokens are planned, 1 to 100: one tick may be late without a late start.",
    }],
    ..NodeSpec::EMPTY
};

/// `threads 2`
pub(crate) const THREADS: NodeSpec = NodeSpec {
    name: "threads",
    summary: "Sets how many threads carry the load; without it, one a core that this process may use.",
    sample: "threads 2",
    arguments: &[ArgumentSpec {
        name: "number",
        kind: ValueKind::Count,
        required: true,
        summary: "From 1 to 64.",
    }],
    later: &["min", "max"],
    ..NodeSpec::EMPTY
};

/// `generator { … }`
pub(crate) const GENERATOR: NodeSpec = NodeSpec {
    name: "generator",
    summary: "Says when the run's own numbers are not to be trusted.",
    sample: "generator { late over=\"10ms\" degraded=\"1%\" invalid=\"5%\" }",
    children: &["late"],
    ..NodeSpec::EMPTY
};

/// `late over="10ms" degraded="1%" invalid="5%"`
pub(crate) const LATE: NodeSpec = NodeSpec {
    name: "late",
    summary: "Bounds the share of steps that started later than they should, by the generator's own fault.",
    sample: "late over=\"10ms\" degraded=\"1%\" invalid=\"5%\"",
    properties: &[
        FieldSpec {
            name: "over",
            kind: ValueKind::Duration,
            default: "10ms",
            summary: "A start later than this, in wall time, is late; one default tick, which no timer needs.",
        },
        FieldSpec {
            name: "degraded",
            kind: ValueKind::Share,
            default: "1%",
            summary: "The share of late starts from which the verdict is `degraded`.",
        },
        FieldSpec {
            name: "invalid",
            kind: ValueKind::Share,
            default: "5%",
            summary: "The share of late starts from which the verdict is `invalid`.",
        },
    ],
    ..NodeSpec::EMPTY
};

/// The longest duration, as bounds name it.
pub(super) const LONGEST: &str = "292 years";

/// A mistake in the run's settings.
#[derive(Clone, Debug, PartialEq)]
enum SettingMistake {
    NotFirst { span: Span },
    UnknownVersion { span: Span, found: u64 },
    BoundsCrossed { degraded: Span, invalid: Span },
}

impl Mistake for SettingMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NotFirst { .. } => "T0042",
            Self::UnknownVersion { .. } => "T0043",
            Self::BoundsCrossed { .. } => "T0052",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NotFirst { .. } => "the workload does not begin with `throng 1`".to_owned(),
            Self::UnknownVersion { found, .. } => format!("version `{found}` of the language is not known"),
            Self::BoundsCrossed { .. } => "`degraded=` is above `invalid=`".to_owned(),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NotFirst { span } => vec![Label::new(*span, "the first node")],
            Self::UnknownVersion { span, .. } => vec![Label::new(*span, "this throng reads version 1")],
            Self::BoundsCrossed { degraded, invalid } => {
                vec![Label::new(*degraded, "the lower bound"), Label::new(*invalid, "the upper bound")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::NotFirst { .. } => Some("write `throng 1` above it".to_owned()),
            Self::UnknownVersion { .. } => Some("write `throng 1`, or use a newer throng".to_owned()),
            Self::BoundsCrossed { .. } => {
                Some("a run is degraded before it is invalid: swap them".to_owned())
            }
        }
    }
}

/// Checks that the document begins with `throng 1`.
pub(in crate::loader) fn check_version(nodes: &[Node], problems: &mut Problems) {
    let Some(first) = nodes.first() else { return };
    if first.name.value != THRONG.name {
        problems.push(SettingMistake::NotFirst { span: first.head() });
    }
    for node in nodes.iter().filter(|node| node.name.value == THRONG.name) {
        let mut fields = Fields::of(node, &THRONG, 0);
        let version = fields.count_argument(0, 0, u64::MAX);
        if let (Some(found), Some(entry)) = (version, node.arguments.first())
            && found != 1
        {
            fields.problem(SettingMistake::UnknownVersion { span: entry.span, found });
        }
        problems.take(fields.finish(version));
    }
}

/// Reads `seed`.
pub(super) fn read_seed(node: &Node) -> Result<u64, Problems> {
    let mut fields = Fields::of(node, &SEED, 0);
    let seed = fields.count_argument(0, 0, u64::MAX);
    fields.finish(seed)
}

/// Reads `clock`: how fast the run's time passes.
pub(super) fn read_clock(node: &Node) -> Result<Speed, Problems> {
    let mut fields = Fields::of(node, &CLOCK, 0);
    let source = fields.word_arguments(0);
    let is_read = node.property("speed").is_none();
    let speed = fields.number("speed", Speed::LEAST, Speed::MOST).map(Speed::from);
    let speed = speed.or(is_read.then_some(Speed::ONE)).filter(|_| !source.is_empty());
    fields.finish(speed)
}

/// Reads `tick`: its length and the look-ahead.
pub(super) fn read_tick(node: &Node) -> Result<(Nanos, u64), Problems> {
    let mut fields = Fields::of(node, &TICK, 0);
    let look_ahead = fields.count("look-ahead", 1, 100);
    let mut length = Some(DEFAULT_TICK);
    if let Some(entry) = node.arguments.first() {
        let bounds = (Nanos(100_000), Nanos::SECOND, "100us", "1s");
        let read = fields.duration_argument(0);
        length = within(&mut fields, "length", entry, read, bounds);
    }
    let look_ahead =
        if node.property("look-ahead").is_some() { look_ahead } else { Some(DEFAULT_LOOK_AHEAD) };
    fields.finish(length.zip(look_ahead))
}

/// A hundredth of a second: fine enough for detectors, and a hundred rounds a second cost nothing.
pub(super) const DEFAULT_TICK: Nanos = Nanos::from_millis(10);
/// Two ticks: one may be late and its tokens are there all the same.
pub(super) const DEFAULT_LOOK_AHEAD: u64 = 2;

/// Reads `threads`.
pub(super) fn read_threads(node: &Node) -> Result<u16, Problems> {
    let mut fields = Fields::of(node, &THREADS, 0);
    if let Some(word) = node.text(0)
        && word.value == "auto"
    {
        fields.not_yet("auto", word.span);
        return fields.finish(None);
    }
    let number = fields.count_argument(0, 1, 64);
    fields.finish(number.and_then(|number| u16::try_from(number).ok()))
}

/// Reads `generator`.
pub(super) fn read_generator(node: &Node) -> Result<VerdictBounds, Problems> {
    let mut fields = Fields::of(node, &GENERATOR, 0);
    let bounds = match fields.child("late") {
        Some(late) => fields.take(read_late(late)),
        None => Some(VerdictBounds::default()),
    };
    fields.finish(bounds)
}

fn read_late(node: &Node) -> Result<VerdictBounds, Problems> {
    let mut fields = Fields::of(node, &LATE, 0);
    let standard = VerdictBounds::default();
    let over = positive(&mut fields, "over").unwrap_or(standard.over);
    let degraded = fields.share("degraded").unwrap_or(standard.degraded);
    let invalid = fields.share("invalid").unwrap_or(standard.invalid);
    if degraded > invalid {
        let place = |name| node.property(name).map_or(node.head(), |entry| entry.span);
        fields.problem(SettingMistake::BoundsCrossed {
            degraded: place("degraded"),
            invalid: place("invalid"),
        });
    }
    fields.finish(Some(VerdictBounds { over, degraded, invalid: Share(invalid.0) }))
}

/// A property's duration above zero.
pub(super) fn positive(fields: &mut Fields<'_>, name: &'static str) -> Option<Nanos> {
    let entry = fields.node().property(name)?;
    let read = fields.duration(name);
    within(fields, name, entry, read, (Nanos(1), Nanos::MAX, "1ns", LONGEST))
}

/// The duration when it lies between two bounds, both allowed; else a problem.
pub(super) fn within(
    fields: &mut Fields<'_>,
    what: &'static str,
    entry: &Entry,
    read: Option<Nanos>,
    (least, most, least_text, most_text): (Nanos, Nanos, &str, &str),
) -> Option<Nanos> {
    let value = read?;
    if value < least || value > most {
        fields.quantity_out_of_bounds(what, entry, least_text, most_text);
        return None;
    }
    Some(value)
}

/// The node's one positional duration above zero.
pub(super) fn read_positive(node: &Node, spec: &'static NodeSpec) -> Result<Nanos, Problems> {
    let mut fields = Fields::of(node, spec, 0);
    let read = fields.duration_argument(0);
    let value = match node.arguments.first() {
        Some(entry) => within(&mut fields, spec.name, entry, read, (Nanos(1), Nanos::MAX, "1ns", LONGEST)),
        None => None,
    };
    fields.finish(value)
}

/// Whether an entry is this very word.
pub(super) fn is_word(entry: &Entry, word: &str) -> bool {
    matches!(&entry.value, Scalar::Text(text) if text == word)
}
