//! `stop-when` and `require`: the rules that end a run or judge it.

use throng_components::clock::Nanos;
use throng_components::exit_condition::{ExitCondition, RuleRole};
use throng_components::run::Outcome;
use throng_components::workload::{
    Entry, Fields, Node, NodeSpec, Problems, Scalar, Span, Spanned, parse_duration,
};
use throng_systems::plugins::exit_conditions::RuleNames;
use throng_systems::plugins::{Named as _, Registry};

use super::settings::is_word;
use crate::loader::source::Sources;
use crate::loader::workload::{RulePlan, ScenarioPlan};

/// `stop-when { … }`
pub(crate) const STOP_WHEN: NodeSpec = NodeSpec {
    name: "stop-when",
    summary: "Ends the run as soon as one of its rules holds; `outcome=` of a rule says as what.",
    sample: "stop-when { failures above=\"5%\" outcome=failed; elapsed \"15m\" outcome=passed }",
    any_children: true,
    ..NodeSpec::EMPTY
};

/// `require { … }`
pub(crate) const REQUIRE: NodeSpec = NodeSpec {
    name: "require",
    summary: "Fails the run when one of its rules does not hold at the end.",
    sample: "require { response p=99 below=\"200ms\"; rate at-least=\"99%\" }",
    any_children: true,
    ..NodeSpec::EMPTY
};

/// What rules are read against.
pub(super) struct Surroundings<'a> {
    /// The texts, for a rule's words as written.
    pub(super) sources: &'a Sources,
    /// The plug-ins.
    pub(super) registry: &'a Registry,
    /// What rules may name.
    pub(super) names: RuleNames<'a>,
    /// Whether all step names are known: some behaviour could not be read otherwise.
    pub(super) steps_known: bool,
}

/// Reads one `stop-when` or `require`.
pub(super) fn read(
    node: &Node,
    spec: &'static NodeSpec,
    around: &Surroundings<'_>,
    rules: &mut Vec<RulePlan>,
) -> Result<(), Problems> {
    let mut fields = Fields::of(node, spec, 0);
    for child in &node.children {
        if registry_lacks(child, around.registry) {
            fields.unknown_child(child, &around.registry.exit_conditions.names());
        } else if around.steps_known || !names_unknown_step(child, around) {
            let order = u16::try_from(rules.len()).unwrap_or(u16::MAX);
            if let Some(rule) = fields.take(read_rule(child, spec.name, around, order)) {
                rules.push(rule);
            }
        }
    }
    fields.finish(Some(()))
}

fn registry_lacks(node: &Node, registry: &Registry) -> bool {
    registry.exit_conditions.find(&node.name.value).is_none()
}

/// Whether a rule names a step that a broken behaviour may have: nothing certain can be said of it.
fn names_unknown_step(node: &Node, around: &Surroundings<'_>) -> bool {
    match node.property("step").map(|entry| &entry.value) {
        Some(Scalar::Text(name)) => around.names.steps.find(name).is_none(),
        _ => false,
    }
}

fn read_rule(node: &Node, owner: &str, around: &Surroundings<'_>, order: u16) -> Result<RulePlan, Problems> {
    let Some(entry) = around.registry.exit_conditions.find(&node.name.value) else {
        return Err(Problems::new());
    };
    let (install, unit) = (entry.read)(node, around.names)?;
    let text = format!("{owner} {}", written(node, around.sources));
    let role = role(node, entry.spec(), around.names.requires);
    let abort_after = abort_after(node);
    Ok(RulePlan { condition: ExitCondition { order, text, role, unit, abort_after }, install })
}

/// Whether a rule of `stop-when` ends the run whatever happens.
pub(super) fn ends_for_sure(rule: &Node) -> bool {
    match rule.name.value.as_str() {
        "elapsed" => true,
        "precision" => rule.property("max").is_some(),
        _ => false,
    }
}

/// What a rule makes of the run: what it says, else what its kind does. A plug-in that has no `outcome` property has refused
/// the word before.
fn role(node: &Node, spec: &NodeSpec, requires: bool) -> RuleRole {
    if requires {
        return RuleRole::Require;
    }
    let passed = match node.property("outcome") {
        Some(entry) => is_word(entry, "passed"),
        None => spec.properties.iter().any(|field| field.name == "outcome" && field.default == "passed"),
    };
    RuleRole::StopWhen(if passed { Outcome::Passed } else { Outcome::Failed })
}

/// From when on a requirement ends the run. A plug-in that has no such property has refused the word before, and one that has it
/// what is no duration.
fn abort_after(node: &Node) -> Option<Nanos> {
    match &node.property("abort-after")?.value {
        Scalar::Text(text) => parse_duration(text).ok(),
        _ => None,
    }
}

/// A node's words as they stand in the file, one space between two of them.
fn written(node: &Node, sources: &Sources) -> String {
    let mut parts: Vec<(Span, String)> = vec![(node.name.span, node.name.value.clone())];
    for entry in &node.arguments {
        parts.push((entry.span, sources.slice(entry.span).to_owned()));
    }
    for (name, entry) in &node.properties {
        parts.push((name.span, format!("{}={}", name.value, sources.slice(entry.span))));
    }
    // What was set from outside stands in a text of its own, behind the file's.
    parts.sort_by_key(|(span, _)| *span);
    parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(" ")
}

/// Adds `require rate scenario=NAME at-least="99%"` for an open scenario that no rate rule judges: dropped and expired
/// tokens are no failures, so without it a run that started nothing would pass.
pub(super) fn add_implicit(
    plan: &ScenarioPlan,
    scenario: &Node,
    required: &[&Node],
    around: &Surroundings<'_>,
    rules: &mut Vec<RulePlan>,
) -> Result<(), Problems> {
    let judged = required
        .iter()
        .flat_map(|block| block.children_named("rate"))
        .any(|rule| rule.property("scenario").is_none_or(|entry| is_word(entry, &plan.scenario.name)));
    let Some(entry) = around.registry.exit_conditions.find("rate") else { return Ok(()) };
    let Some(name) = scenario.arguments.first() else { return Ok(()) };
    if judged || !plan.scenario.open {
        return Ok(());
    }
    let span = scenario.head();
    let text = |value: &str| Entry::new(Scalar::Text(value.to_owned()), span);
    let key = |name: &str| Spanned::new(name.to_owned(), span);
    let node = Node {
        name: key("rate"),
        arguments: Vec::new(),
        properties: vec![(key("scenario"), name.clone()), (key("at-least"), text(IMPLICIT_RATE))],
        children: Vec::new(),
        span,
    };
    let (install, unit) = (entry.read)(&node, around.names)?;
    let shown = around.sources.slice(name.span);
    rules.push(RulePlan {
        condition: ExitCondition {
            order: u16::try_from(rules.len()).unwrap_or(u16::MAX),
            text: format!("require rate scenario={shown} at-least=\"{IMPLICIT_RATE}\""),
            role: RuleRole::Require,
            unit,
            abort_after: None,
        },
        install,
    });
    Ok(())
}

/// One in a hundred may be missing: the last moments of a shape, not a target that cannot keep up.
const IMPLICIT_RATE: &str = "99%";
