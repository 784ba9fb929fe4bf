//! The language's nodes in one table, with those inside its larger plug-ins: what `list` and `explain` know of them.

use throng_components::workload::NodeSpec;
use throng_systems::plugins::arrivals::mmpp;
use throng_systems::plugins::laws::hyperexponential;
use throng_systems::plugins::listeners::otlp;
use throng_systems::plugins::steps::http::{expect, form, multipart, read as http, save, transfer};
use throng_systems::plugins::steps::{choose, parallel, retry};

use crate::loader::include::INCLUDE;
use crate::loader::lower as nodes;
use crate::loader::param::PARAM;

/// One node of the language.
#[derive(Clone, Copy, Debug)]
pub struct CoreNode {
    /// The nodes it stands in, outermost first; empty at the top level.
    pub inside: &'static str,
    /// The node.
    pub spec: &'static NodeSpec,
    /// The family whose plug-ins stand inside it or are its kind; empty for none.
    pub family: &'static str,
}

const fn top(spec: &'static NodeSpec) -> CoreNode {
    CoreNode { inside: "", spec, family: "" }
}

const fn inside(inside: &'static str, spec: &'static NodeSpec) -> CoreNode {
    CoreNode { inside, spec, family: "" }
}

const fn of_family(node: CoreNode, family: &'static str) -> CoreNode {
    CoreNode { family, ..node }
}

/// All of them, in the order in which a workload has them.
pub const CORE: &[CoreNode] = &[
    top(&nodes::THRONG),
    top(&INCLUDE),
    top(&PARAM),
    top(&nodes::SEED),
    top(&nodes::CLOCK),
    top(&nodes::TICK),
    top(&nodes::THREADS),
    of_family(top(&nodes::TARGET), "protocols"),
    inside("target", &nodes::TIMEOUT),
    inside("target", &nodes::CONNECTIONS),
    inside("target", &nodes::DNS),
    inside("target", &nodes::RESOLVE),
    inside("target", &nodes::PROXY),
    inside("target", &nodes::TLS),
    inside("target tls", &nodes::VERIFY),
    inside("target tls", &nodes::ROOTS),
    inside("target tls", &nodes::CLIENT_CERTIFICATE),
    inside("target tls", &nodes::SERVER_NAME),
    inside("target tls", &nodes::RESUMPTION),
    inside("target", &nodes::HEADER),
    inside("target", &transfer::COOKIES),
    inside("target", &transfer::REDIRECTS),
    inside("target", &transfer::COMPRESSION),
    of_family(top(&nodes::BEHAVIOR), "steps"),
    inside("behavior http", &http::HEADER),
    inside("behavior http", &http::BODY),
    inside("behavior http", &http::JSON),
    inside("behavior http", &form::FORM),
    inside("behavior http", &multipart::MULTIPART),
    inside("behavior http multipart", &multipart::FIELD),
    inside("behavior http multipart", &multipart::FILE),
    inside("behavior http", &expect::EXPECT),
    inside("behavior http expect", &expect::STATUS),
    inside("behavior http expect", &expect::HEADER),
    inside("behavior http expect", &expect::BODY),
    inside("behavior http expect", &expect::WITHIN),
    inside("behavior http", &save::SAVE),
    inside("behavior http", &transfer::REDIRECTS),
    inside("behavior http", &transfer::COMPRESSION),
    inside("behavior http", &retry::RETRY),
    inside("behavior noop", &retry::RETRY),
    inside("behavior choose", &choose::BRANCH),
    inside("behavior parallel", &parallel::BRANCH),
    inside("behavior think hyperexponential", &hyperexponential::PHASE),
    top(&nodes::SCENARIO),
    inside("scenario", &nodes::SCENARIO_BEHAVIOR),
    of_family(inside("scenario", &nodes::ARRIVALS), "arrivals"),
    inside("scenario arrivals mmpp", &mmpp::STATE),
    inside("scenario", &nodes::POPULATION),
    inside("scenario", &nodes::USERS),
    inside("scenario", &nodes::OVERFLOW),
    inside("scenario overflow", &nodes::OVERFLOW_DROP),
    inside("scenario overflow", &nodes::OVERFLOW_QUEUE),
    of_family(inside("scenario", &nodes::PACE), "laws"),
    inside("scenario pace hyperexponential", &hyperexponential::PHASE),
    inside("scenario", &nodes::ITERATIONS),
    inside("scenario", &nodes::START),
    inside("scenario", &nodes::WARM_UP),
    inside("scenario", &nodes::DRAIN),
    of_family(top(&nodes::STOP_WHEN), "exit-conditions"),
    of_family(top(&nodes::REQUIRE), "exit-conditions"),
    top(&nodes::GENERATOR),
    inside("generator", &nodes::LATE),
    of_family(top(&nodes::LISTENER), "listeners"),
    inside("listener otlp", &otlp::METRICS),
    inside("listener otlp", &otlp::TRACES),
    top(&nodes::SERVICE),
    inside("service", &nodes::SERVERS),
    of_family(inside("service", &nodes::QUEUE), "queues"),
    of_family(inside("service", &nodes::TIME), "laws"),
    inside("service time hyperexponential", &hyperexponential::PHASE),
    inside("service", &nodes::FAILS),
    inside("service", &nodes::STEP),
    of_family(inside("service step", &nodes::TIME), "laws"),
    inside("service step time hyperexponential", &hyperexponential::PHASE),
    inside("service step", &nodes::FAILS),
    inside("service step", &nodes::RANK),
    inside("service", &nodes::CALLS),
    inside("service", &nodes::OUTAGE),
    inside("service", &nodes::STALL),
    top(&nodes::SWEEP),
    inside("sweep", &nodes::VARY),
    inside("sweep", &nodes::REPLICATIONS),
];
