//! `behavior`: what a user does. Its steps are compiled by the step plug-ins.

use throng_components::scenario::StepNames;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, Node, NodeSpec, Problems, ValueKind};
use throng_systems::behavior::{Compiler, Constants, Declared, Program};
use throng_systems::plugins::Registry;

/// `behavior buyer { … }`
pub(crate) const BEHAVIOR: NodeSpec = NodeSpec {
    name: "behavior",
    summary: "Says what a user does in one iteration, step after step.",
    sample: "behavior buyer { noop name=look; think constant \"1s\" }",
    arguments: &[ArgumentSpec {
        name: "name",
        kind: ValueKind::Name,
        required: true,
        summary: "What scenarios call it.",
    }],
    properties: &[FieldSpec {
        name: "on-failure",
        kind: ValueKind::Word(&["continue", "stop"]),
        default: "continue",
        summary: "Whether a failed step ends its iteration.",
    }],
    any_children: true,
    ..NodeSpec::EMPTY
};

/// Reads one behaviour: its program, and whether a failed step ends its iterations.
pub(super) fn read(
    node: &Node,
    registry: &Registry,
    declared: Declared<'_>,
    constants: &Constants,
    steps: &mut StepNames,
) -> Result<(Program, bool), Problems> {
    let mut fields = Fields::of(node, &BEHAVIOR, 0);
    let name = fields.text_argument(0);
    let stopping = fields.word("on-failure") == Some("stop");
    let program = fields.take(Compiler::program(node, registry, declared, constants, steps));
    fields.finish(name.zip(program).map(|(_, program)| (program, stopping)))
}
