//! Steps: the nodes of a behaviour.

pub mod call;
pub mod choose;
mod condition;
pub mod group;
pub mod http;
pub mod noop;
pub mod parallel;
pub mod repeat;
pub mod retry;
pub mod set;
pub mod stop;
pub mod think;
pub mod when;
pub mod while_loop;

use throng_components::workload::{Node, NodeSpec};

use super::registry::{Named, Plugin, Registry, Table};
use crate::behavior::Compiler;

/// A kind of step. It has no value of its own: it compiles to instructions of the program.
pub trait Step: 'static {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Compiles one node; what is wrong in it goes to the compiler's problems.
    fn compile(node: &Node, compiler: &mut Compiler<'_>);
}

/// One kind of step in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Compiles one node.
    pub compile: fn(&Node, &mut Compiler<'_>),
}

impl Entry {
    /// The entry of a step type.
    pub const fn of<S: Step>() -> Self {
        Self { spec: &S::SPEC, compile: S::compile }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "steps";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.steps
    }
}

impl<P: Step> Plugin<Entry> for P {
    const ENTRY: Entry = Entry::of::<P>();
}

/// All kinds of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<http::Http>(),
    Entry::of::<noop::Noop>(),
    Entry::of::<think::Think>(),
    Entry::of::<set::Set>(),
    Entry::of::<repeat::Repeat>(),
    Entry::of::<choose::Choose>(),
    Entry::of::<when::When>(),
    Entry::of::<when::Else>(),
    Entry::of::<while_loop::While>(),
    Entry::of::<call::Call>(),
    Entry::of::<group::Group>(),
    Entry::of::<parallel::Parallel>(),
    Entry::of::<stop::Stop>(),
];

/// Nodes of a behaviour that the language has and this version has not.
pub const LATER: &[&str] = &["take", "complain", "send", "receive"];
