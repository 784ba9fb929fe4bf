//! The shape that all families of plug-ins share: a table of entries, found by name.

use bevy_ecs::world::EntityWorldMut;
use throng_components::state::State;
use throng_components::workload::NodeSpec;

/// Lends what is saved of the plug-in that an entity carries; `None` when the entity carries none of that kind.
pub type LendState = for<'a> fn(&'a mut EntityWorldMut<'_>) -> Option<Lent<'a>>;

/// A plug-in's state, or that it tells none.
pub enum Lent<'a> {
    /// To be saved or restored.
    State(&'a mut dyn State),
    /// The plug-in of that name cannot be saved.
    Nothing(&'static str),
}

impl<'a> Lent<'a> {
    /// What a plug-in of that name has lent.
    pub fn of(state: Option<&'a mut dyn State>, name: &'static str) -> Self {
        state.map_or(Self::Nothing(name), Self::State)
    }
}

/// One line of a family's table, as far as every family has it.
pub trait Named: Copy + 'static {
    /// What the family is called, as `throng list` has it.
    const FAMILY: &'static str;

    /// What the plug-in is called, holds and looks like.
    fn spec(&self) -> &'static NodeSpec;

    /// Words of a workload, besides its name, that mean it.
    fn words(&self) -> &'static [&'static str] {
        &[]
    }

    /// The family's table.
    fn table(registry: &mut Registry) -> &mut Table<Self>;
}

/// What can be registered: every type that implements the trait of a family is a plug-in of that family.
///
/// The family is a parameter, because Rust lets no two blanket implementations of one trait meet, and each family has
/// one: `Plugin<listeners::Entry>` and `Plugin<arrivals::Entry>` are two traits. Which of them a type has, the compiler
/// finds by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plug-in",
    note = "implement the trait of its family: `ArrivalLaw`, `Rule`, `LawKind`, `DisciplineKind`, `Listen`, \
            `Protocol` or `Step`"
)]
pub trait Plugin<E: Named> {
    /// Its line in the family's table.
    const ENTRY: E;
}

impl<P: super::arrivals::ArrivalLaw> Plugin<super::arrivals::Entry> for P {
    const ENTRY: super::arrivals::Entry = super::arrivals::Entry::of::<P>();
}

impl<P: super::exit_conditions::Rule> Plugin<super::exit_conditions::Entry> for P {
    const ENTRY: super::exit_conditions::Entry = super::exit_conditions::Entry::of::<P>();
}

impl<P: super::laws::LawKind> Plugin<super::laws::Entry> for P {
    const ENTRY: super::laws::Entry = super::laws::Entry::of::<P>();
}

impl<P: super::listeners::Listen> Plugin<super::listeners::Entry> for P {
    const ENTRY: super::listeners::Entry = super::listeners::Entry::of::<P>();
}

impl<P: super::protocols::Protocol> Plugin<super::protocols::Entry> for P {
    const ENTRY: super::protocols::Entry = super::protocols::Entry::of::<P>();
}

impl<P: super::queues::DisciplineKind> Plugin<super::queues::Entry> for P {
    const ENTRY: super::queues::Entry = super::queues::Entry::of::<P>();
}

impl<P: super::steps::Step> Plugin<super::steps::Entry> for P {
    const ENTRY: super::steps::Entry = super::steps::Entry::of::<P>();
}

/// A plug-in that could not be registered: its family has another one of that name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTaken {
    /// The family.
    pub family: &'static str,
    /// The name.
    pub name: &'static str,
    /// The type that was to be registered.
    pub plugin: &'static str,
}

impl std::fmt::Display for NameTaken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { family, name, plugin } = self;
        write!(f, "the {family} have a `{name}` already: `{plugin}` needs another name")
    }
}

impl std::error::Error for NameTaken {}

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
    /// How requests wait at modelled services: `queue KIND`.
    pub queues: Table<super::queues::Entry>,
}

impl Registry {
    /// Adds a plug-in to its family.
    ///
    /// # Errors
    /// When the family has one of that name already: which of the two a workload means could not be told.
    pub fn add<P: Plugin<E>, E: Named>(&mut self) -> Result<(), NameTaken> {
        let table = E::table(self);
        let is_taken = |word: &str| {
            let mut known = table.entries.iter();
            known.any(|entry| entry.spec().name == word || entry.words().contains(&word))
        };
        let mut words = std::iter::once(P::ENTRY.spec().name).chain(P::ENTRY.words().iter().copied());
        if let Some(name) = words.find(|word| is_taken(word)) {
            return Err(NameTaken { family: E::FAMILY, name, plugin: std::any::type_name::<P>() });
        }
        table.entries.push(P::ENTRY);
        Ok(())
    }
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
            queues: Table::new(super::queues::ALL),
        }
    }
}
