//! The shape that all families of plug-ins share: a table of entries, found by name.

use throng_components::workload::NodeSpec;

/// One line of a family's table, as far as every family has it.
pub trait Named: Copy + 'static {
    /// What the plug-in is called, holds and looks like.
    fn spec(&self) -> &'static NodeSpec;
}

/// A family's plug-ins: those of the tree, and those an application registered.
#[derive(Clone, Debug)]
pub struct Table<E> {
    entries: Vec<E>,
}

impl<E: Named> Table<E> {
    /// A table of the tree's own plug-ins.
    pub fn new(own: &[E]) -> Self {
        Self { entries: own.to_vec() }
    }

    /// Adds one; of two with the same name the later one holds.
    pub fn add(&mut self, entry: E) {
        self.entries.retain(|known| known.spec().name != entry.spec().name);
        self.entries.push(entry);
    }

    /// The plug-in of that name.
    pub fn find(&self, name: &str) -> Option<E> {
        self.entries.iter().find(|entry| entry.spec().name == name).copied()
    }

    /// All entries, in order.
    pub fn entries(&self) -> &[E] {
        &self.entries
    }

    /// The names of all.
    pub fn names(&self) -> Vec<&'static str> {
        self.entries.iter().map(|entry| entry.spec().name).collect()
    }

    /// The specifications of all.
    pub fn specs(&self) -> impl Iterator<Item = &'static NodeSpec> + '_ {
        self.entries.iter().map(Named::spec)
    }
}

/// All families of one application.
#[derive(Clone, Debug)]
pub struct Registry {
    /// `arrivals KIND`.
    pub arrivals: Table<super::arrivals::Entry>,
    /// Nodes of a behaviour.
    pub steps: Table<super::steps::Entry>,
    /// What carries requests to targets.
    pub protocols: Table<super::protocols::Entry>,
    /// Rules of `stop-when` and `require`.
    pub exit_conditions: Table<super::exit_conditions::Entry>,
    /// `listener KIND`.
    pub listeners: Table<super::listeners::Entry>,
    /// Laws of time: `think KIND`, `time KIND`.
    pub laws: Table<super::laws::Entry>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            arrivals: Table::new(super::arrivals::ALL),
            steps: Table::new(super::steps::ALL),
            protocols: Table::new(super::protocols::ALL),
            exit_conditions: Table::new(super::exit_conditions::ALL),
            listeners: Table::new(super::listeners::ALL),
            laws: Table::new(super::laws::ALL),
        }
    }
}
