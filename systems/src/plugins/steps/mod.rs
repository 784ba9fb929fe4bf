//! Steps: the nodes of a behaviour.

pub mod call;
pub mod choose;
mod condition;
mod function;
pub mod group;
pub mod http;
pub mod noop;
pub mod parallel;
mod properties;
pub mod repeat;
pub mod retry;
mod sending;
pub mod set;
pub mod stop;
pub mod think;
pub mod when;
pub mod while_loop;

use throng_components::workload::{Node, NodeSpec};

pub use self::function::Function;
pub use self::sending::{MEASURED, SENDING, Sending};
pub use super::protocols::{Input, Place};
use super::registry::{Named, Registry, Table};
use crate::behavior::Compiler;

/// A kind of step. It has no value of its own: it compiles to instructions of the program.
pub trait Step: 'static {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Variables of the user that it sets by a name of its own: expressions anywhere in the behaviour may use them.
    const VARIABLES: &'static [&'static str] = &[];

    /// Compiles one node; what is wrong in it goes to the compiler's problems.
    fn compile(node: &Node, compiler: &mut Compiler<'_>);
}

/// One kind of step in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Variables that it sets by names of its own.
    pub variables: &'static [&'static str],
    /// Compiles one node.
    pub compile: fn(&Node, &mut Compiler<'_>),
}

impl Entry {
    /// The entry of a step type.
    pub const fn of<S: Step>() -> Self {
        Self { spec: &S::SPEC, variables: S::VARIABLES, compile: S::compile }
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
