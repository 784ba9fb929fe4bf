//! The workload as a whole: its top level, and the order in which its parts need one another.

use std::sync::Arc;

use throng_components::run::StepHeader;
use throng_components::scenario::{ScenarioId, StepNames};
use throng_components::target::{Target, TargetId};
use throng_components::workload::{
    Fields, Label, Mistake, Node, NodeSpec, Problem, Problems, Span, Spanned, nearest,
};
use throng_systems::behavior::{Budget, CallGraph, Constants, Declared, Program};
use throng_systems::plugins::Registry;
use throng_systems::plugins::exit_conditions::RuleNames;

use super::names::Names;
use super::{
    behavior, fewer_threads, listener, one_name, rules, scenario, service, settings, start, sweep, target,
};
use crate::loader::files::Beside;
use crate::loader::source::Sources;
use crate::loader::workload::{RulePlan, ScenarioPlan, Workload};

/// The document itself, as a node without a name.
const DOCUMENT: NodeSpec = NodeSpec {
    children: &[
        "throng",
        "include",
        "param",
        "seed",
        "clock",
        "tick",
        "threads",
        "target",
        "behavior",
        "scenario",
        "stop-when",
        "require",
        "generator",
        "listener",
        "service",
        "sweep",
    ],
    later: &["data", "log"],
    ..NodeSpec::EMPTY
};

/// A mistake of the workload as a whole.
#[derive(Clone, Debug, PartialEq)]
enum WholeMistake {
    NoScenario { last: Span },
    Twice { name: String, span: Span, first: Span },
}

impl Mistake for WholeMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::NoScenario { .. } => "T0049",
            Self::Twice { .. } => "T0029",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::NoScenario { .. } => "the workload has no scenario".to_owned(),
            Self::Twice { name, .. } => format!("the workload has `{name}` twice"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::NoScenario { last } => vec![Label::new(*last, "nothing follows that could run")],
            Self::Twice { span, first, .. } => {
                vec![Label::new(*span, "the second one"), Label::new(*first, "the first one")]
            }
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NoScenario { .. } => "add one: `throng explain scenario` shows it".to_owned(),
            Self::Twice { .. } => "keep one of the two".to_owned(),
        })
    }
}

/// What came of the nodes.
pub(in crate::loader) struct Lowered {
    /// The workload.
    pub(in crate::loader) workload: Workload,
    /// What may not be meant so.
    pub(in crate::loader) warnings: Vec<Problem>,
}

/// What nodes are read against.
#[derive(Clone, Copy)]
pub(in crate::loader) struct Around<'a> {
    /// The plug-ins.
    pub(in crate::loader) registry: &'a Registry,
    /// The texts.
    pub(in crate::loader) sources: &'a Sources,
    /// How many threads a run has that does not say; `None` where nothing is said of it.
    pub(in crate::loader) cores: Option<u16>,
    /// What paths in the workload are relative to, and where its files come from.
    pub(in crate::loader) files: Beside<'a>,
    /// What expressions know before the run.
    pub(in crate::loader) constants: &'a Constants,
}

/// Turns nodes into a workload.
///
/// # Errors
/// All that is wrong in them.
pub(in crate::loader) fn lower(
    nodes: Vec<Node>,
    outside: Vec<Node>,
    around: Around<'_>,
) -> Result<Lowered, Problems> {
    let span = nodes.first().map(|node| node.span).unwrap_or_default();
    let root = Node {
        name: Spanned::new(String::new(), span),
        arguments: Vec::new(),
        properties: Vec::new(),
        children: nodes,
        span,
    };
    let problems = Problems::new();
    let Around { registry, sources, cores, files, constants } = around;
    Lowering { root: &root, outside: &outside, registry, sources, cores, files, constants, problems }.run()
}

struct Lowering<'a> {
    root: &'a Node,
    outside: &'a [Node],
    registry: &'a Registry,
    sources: &'a Sources,
    /// How many threads a run has that does not say; `None` where nothing is said of it.
    cores: Option<u16>,
    /// What paths in the workload's own file are relative to.
    files: Beside<'a>,
    constants: &'a Constants,
    problems: Problems,
}

/// Behaviours as far as they could be compiled.
struct Behaviors {
    names: Names,
    programs: Vec<Arc<Program>>,
    stopping: Vec<bool>,
    steps: StepNames,
    headers: Vec<StepHeader>,
    whole: bool,
}

impl<'a> Lowering<'a> {
    fn run(mut self) -> Result<Lowered, Problems> {
        self.problems.take(Fields::of(self.root, &DOCUMENT, 0).finish(Some(())));
        let _ = self.once("throng", |_| Ok(()));
        let seed = self.once("seed", settings::read_seed);
        let pace = self.once("clock", settings::read_clock).unwrap_or_default();
        let tick = self.once("tick", settings::read_tick);
        let (tick, look_ahead) = tick.unwrap_or((settings::DEFAULT_TICK, settings::DEFAULT_LOOK_AHEAD));
        let threads = self.once("threads", settings::read_threads);
        let mut bounds = self.once("generator", settings::read_generator).unwrap_or_default();
        // The machine is late by so much of the wall clock's time, however fast the run's own passes.
        bounds.over = pace.to_run(bounds.over);
        let (target_names, mut targets) = self.targets();
        let behaviors = self.behaviors(&targets);
        raise_follow(&mut targets, &behaviors.programs);
        let scenario_nodes = self.all("scenario");
        let scenario_names = self.names("scenario");
        let scenarios = self.scenarios(&scenario_nodes, &scenario_names, &behaviors);
        let fewer =
            fewer_threads::find(&self.all("target"), self.all("threads").first().copied(), self.cores);
        let mut warnings: Vec<Problem> = fewer.into_iter().map(Problem::from).collect();
        let (rules, endless) = self.rules(&scenario_nodes, &scenario_names, &scenarios, &behaviors);
        warnings.extend(endless);
        warnings.extend(self.all("behavior").into_iter().flat_map(one_name::warnings));
        let listener_nodes: Vec<&Node> = self.all("listener").into_iter().chain(self.outside).collect();
        let listeners = listener::read_all(&listener_nodes, self.registry, self.sources, &mut self.problems);
        let (sources, own) = (self.sources, self.files);
        let around = service::Around {
            registry: self.registry,
            targets: &target_names,
            steps: &behaviors.steps,
            files: &|node| own.of(sources, node),
        };
        let services = service::read_all(&self.all("service"), &around, &mut self.problems);
        // What has mistakes may have circles of calls.
        if self.problems.is_empty() {
            let nodes = self.all("service");
            warnings.extend(service::warnings(&nodes, &services, &scenarios, &behaviors.programs));
        }
        let constants = self.constants;
        let sweep = self.once("sweep", |node| sweep::read(node, constants));
        let workload = Workload {
            seed,
            speed: pace,
            tick,
            look_ahead,
            threads,
            targets,
            programs: behaviors.programs,
            steps: behaviors.steps,
            step_headers: behaviors.headers,
            scenarios: scenarios.into_iter().flatten().collect(),
            rules,
            listeners,
            services,
            sweep,
            params: Vec::new(),
            bounds,
        };
        self.problems.or(Lowered { workload, warnings })
    }

    fn all(&self, name: &'a str) -> Vec<&'a Node> {
        self.root.children_named(name).collect()
    }

    /// Nodes whose misspelt name was meant to be this one. Their names count, so that only the spelling is told.
    fn misspelt(&self, name: &str) -> Vec<&'a Node> {
        let known = DOCUMENT.children;
        let meant = |node: &&Node| {
            !known.contains(&node.name.value.as_str()) && nearest(&node.name.value, known) == Some(name)
        };
        self.root.children.iter().filter(meant).collect()
    }

    /// What relative paths in a node are relative to: the file that it stands in.
    fn files(&self, node: &Node) -> Beside<'a> {
        self.files.of(self.sources, node)
    }

    fn names(&mut self, kind: &'static str) -> Names {
        let nodes = [self.all(kind), self.misspelt(kind)].concat();
        Names::gather(kind, &nodes, &mut self.problems)
    }

    /// Reads a node that may stand once.
    fn once<T>(&mut self, name: &'a str, read: impl Fn(&Node) -> Result<T, Problems>) -> Option<T> {
        let nodes = self.all(name);
        let first = *nodes.first()?;
        for node in &nodes[1..] {
            let (span, first) = (node.name.span, first.name.span);
            self.problems.push(WholeMistake::Twice { name: name.to_owned(), span, first });
        }
        self.problems.take(read(first))
    }

    fn targets(&mut self) -> (Names, Vec<Target>) {
        let nodes = self.all("target");
        let names = self.names("target");
        let mut targets = Vec::new();
        for (number, node) in (0_u16..).zip(nodes) {
            let files = self.files(node);
            targets.extend(self.problems.take(target::read(node, TargetId(number), files, self.registry)));
        }
        (names, targets)
    }

    fn behaviors(&mut self, targets: &[Target]) -> Behaviors {
        let nodes = self.all("behavior");
        let targets_whole = targets.len() == self.all("target").len() && self.misspelt("target").is_empty();
        let names = self.names("behavior");
        let (graph, budget) = (CallGraph::of(&nodes), Budget::default());
        let (mut programs, mut stopping) = (Vec::new(), Vec::new());
        let mut steps = StepNames::default();
        let mut whole = targets_whole && self.misspelt("behavior").is_empty();
        // A target that could not be read would make every step that names it wrong: its mistake comes first.
        for node in nodes.into_iter().filter(|_| targets_whole) {
            let files = self.files(node);
            let declared = Declared { targets, behaviors: &graph, files: &files, budget: &budget };
            let read = behavior::read(node, self.registry, declared, self.constants, &mut steps);
            let read = self.problems.take(read);
            whole &= read.is_some();
            stopping.push(read.as_ref().is_some_and(|(_, stops)| *stops));
            programs.extend(read.map(|(program, _)| Arc::new(program)));
        }
        let headers = step_headers(&programs, &steps);
        Behaviors { names, programs, stopping, steps, headers, whole }
    }

    fn scenarios(
        &mut self,
        nodes: &[&Node],
        names: &Names,
        behaviors: &Behaviors,
    ) -> Vec<Option<ScenarioPlan>> {
        if nodes.is_empty()
            && self.misspelt("scenario").is_empty()
            && let Some(last) = self.root.children.last()
        {
            self.problems.push(WholeMistake::NoScenario { last: last.head() });
        }
        let mut plans = Vec::new();
        for (number, node) in (0_u16..).zip(nodes) {
            let around = scenario::Surroundings {
                registry: self.registry,
                behaviors: &behaviors.names,
                scenarios: names,
                stopping: &behaviors.stopping,
                files: &self.files(node),
            };
            plans.push(self.problems.take(scenario::read(node, ScenarioId(number), &around)));
        }
        self.problems.append(start::circles(nodes, names));
        plans
    }

    fn rules(
        &mut self,
        nodes: &[&'a Node],
        names: &Names,
        scenarios: &[Option<ScenarioPlan>],
        behaviors: &Behaviors,
    ) -> (Vec<RulePlan>, Vec<Problem>) {
        let scenario_names = names.all();
        let mut around = rules::Surroundings {
            sources: self.sources,
            registry: self.registry,
            names: RuleNames {
                scenarios: &scenario_names,
                steps: &behaviors.steps,
                requires: false,
                implicit: false,
            },
            steps_known: behaviors.whole,
        };
        let mut plans = Vec::new();
        for node in &self.root.children {
            let spec = match node.name.value.as_str() {
                "stop-when" => &rules::STOP_WHEN,
                "require" => &rules::REQUIRE,
                _ => continue,
            };
            around.names.requires = node.name.value == rules::REQUIRE.name;
            self.problems.take(rules::read(node, spec, &around, &mut plans));
        }
        (around.names.requires, around.names.implicit) = (true, true);
        let required = self.all("require");
        let mut stops = self.root.children_named("stop-when").flat_map(|block| &block.children);
        let ends = stops.any(rules::ends_for_sure);
        let mut warnings = Vec::new();
        for (plan, node) in scenarios.iter().zip(nodes) {
            let Some(plan) = plan else { continue };
            self.problems.take(rules::add_implicit(plan, node, &required, &around, &mut plans));
            warnings.extend(scenario::endless(plan, node).filter(|_| !ends).map(Problem::from));
        }
        (plans, warnings)
    }
}

/// Lets a target know how far its steps go: what a redirect needs is made ready where one is followed.
fn raise_follow(targets: &mut [Target], programs: &[Arc<Program>]) {
    for (target, follow) in programs.iter().flat_map(|program| program.follows()) {
        if let Some(target) = targets.get_mut(usize::from(target.0)) {
            target.follow = target.follow.max(follow);
        }
    }
}

/// The header of every step by its number; of several steps of one name the first one's.
fn step_headers(programs: &[Arc<Program>], steps: &StepNames) -> Vec<StepHeader> {
    let mut headers: Vec<StepHeader> = steps
        .all()
        .iter()
        .map(|name| StepHeader {
            name: name.clone(),
            protocol: "noop",
            method: String::new(),
            address: String::new(),
            port: 0,
        })
        .collect();
    let mut known = vec![false; headers.len()];
    for (id, header) in programs.iter().flat_map(|program| program.step_headers()) {
        let index = usize::from(id.0);
        if index < headers.len() && !known[index] {
            headers[index] = header.clone();
            known[index] = true;
        }
    }
    headers
}
