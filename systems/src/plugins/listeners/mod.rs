//! Listeners: where telemetry leaves. Each runs on a thread of its own, behind a bounded queue.

pub mod console;
pub mod file;
pub mod otlp;
mod record;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bevy_ecs::component::Component;
use bevy_ecs::world::{EntityRef, EntityWorldMut};
use throng_components::clock::Nanos;
use throng_components::measures::Measurement;
use throng_components::run::RunHeader;
use throng_components::sample_block::SampleBlock;
use throng_components::service_span::ServiceSpan;
use throng_components::workload::{Fields, Node, NodeSpec, Problems};

use super::registry::{Named, Registry, Table};

/// What a listener wants to be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Every sample, and every value of a measure of one's own.
    pub samples: bool,
    /// A [`Progress`] so often.
    pub progress: Option<Nanos>,
}

/// How a scenario stands at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScenarioStanding {
    /// Users that exist.
    pub users: u64,
    /// Iterations under way.
    pub running: u64,
    /// Tokens that wait for a user.
    pub backlog: u64,
    /// Iterations begun since the start.
    pub started: u64,
    /// Of these, begun in the interval.
    pub begun: u64,
    /// Iterations over since the start, however they ended.
    pub ended: u64,
    /// Iterations in all, where the scenario says how many.
    pub iterations: Option<u64>,
    /// Tokens dropped or expired since the start.
    pub lost_tokens: u64,
    /// The mean rate that the plan asked for in the interval; `None` for a closed scenario.
    ///
    /// # Units
    /// Iterations a second.
    pub asked_per_s: Option<f64>,
}

/// How the run stands, and what happened since this listener was last told.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// When.
    pub at: Nanos,
    /// The time since the last one.
    pub interval: Nanos,
    /// The run's length where it is known.
    pub length: Option<Nanos>,
    /// By [`ScenarioId`](throng_components::scenario::ScenarioId).
    pub scenarios: Vec<ScenarioStanding>,
    /// Steps finished in the interval.
    pub steps: u64,
    /// Of these, failed.
    pub failures: u64,
    /// Response time quantiles of the interval: p50, p99, max; `None` without data.
    pub response: Option<[Nanos; 3]>,
    /// The largest lateness of a step's start in the interval.
    pub lateness_max: Nanos,
    /// Whether the run is draining.
    pub draining: bool,
}

/// What a listener is told.
#[derive(Clone, Debug)]
pub enum ListenerEvent {
    /// What happened, in blocks; listeners share them.
    Samples(Arc<SampleBlock>),
    /// Values of measures of one's own, in the order in which they were recorded; listeners share them.
    Measurements(Arc<Vec<Measurement>>),
    /// What modelled services did for iterations whose traces are kept; listeners that keep traces share them.
    Spans(Arc<Vec<ServiceSpan>>),
    /// How the run stands.
    Progress(Arc<Progress>),
}

/// Counts that a listener keeps and the world reads.
#[derive(Debug, Default)]
pub struct Delivery {
    delivered: AtomicU64,
    lost: AtomicU64,
    failure: OnceLock<String>,
}

impl Delivery {
    /// Counts records that reached the receiver.
    pub fn add_delivered(&self, records: u64) {
        self.delivered.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts records that did not and never will.
    pub fn add_lost(&self, records: u64) {
        self.lost.fetch_add(records, Ordering::Relaxed);
    }

    /// Counts one record by how writing it ended.
    pub fn note(&self, written: std::io::Result<()>) {
        match written {
            Ok(()) => self.add_delivered(1),
            Err(_) => self.add_lost(1),
        }
    }

    /// Says why what is written is of no use from here on: the first reason is kept, and the command ends as one whose output
    /// cannot be written.
    pub fn fail(&self, error: &std::io::Error) {
        let _ = self.failure.set(error.to_string());
    }

    /// Why what was written is of no use.
    pub fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    /// Delivered and lost so far.
    pub fn read(&self) -> (u64, u64) {
        (self.delivered.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }
}

/// Why a listener cannot work: the run does not start.
#[derive(Debug)]
pub struct CannotOpen {
    /// What it could not open, as the workload names it.
    pub what: String,
    /// Why.
    pub source: std::io::Error,
}

/// How many records an event stands for.
pub type RecordCounter = Box<dyn Fn(&ListenerEvent) -> u64 + Send + Sync>;

/// A listener at work, on its own thread. None of its calls is on the load's way.
pub trait Worker: Send {
    /// Takes one event. May block: then its queue fills, and what finds no room is counted as lost. A simulation waits for
    /// room, as long as anything is delivered.
    fn receive(&mut self, event: &ListenerEvent);

    /// Called when nothing came for a while (about 200 ms) and after every event: the moment to send what has gathered.
    fn tick(&mut self) {}

    /// Delivers what is left, within `limit`, and counts as lost what is not delivered by then. Without it nothing is left.
    fn close(&mut self, limit: Duration) {
        let _ = limit;
    }

    /// Counts the records that an event stands for: what the world adds to the lost ones when the queue has no room.
    /// Without it each sample, each value and each report of the run's standing is one.
    fn counter(&self) -> RecordCounter {
        Box::new(|event| match event {
            ListenerEvent::Samples(samples) => samples.len() as u64,
            ListenerEvent::Measurements(values) => values.len() as u64,
            ListenerEvent::Spans(spans) => spans.len() as u64,
            ListenerEvent::Progress(_) => 1,
        })
    }
}

/// What the engine gives to listeners, so that they reach for nothing themselves.
#[derive(Clone, Debug)]
pub struct Outlets {
    /// Relative paths are relative to this directory: that of the file which the listener stands in.
    pub directory: std::path::PathBuf,
    /// Whether standard error is a terminal.
    pub terminal: bool,
    /// Whether the run goes on where it was saved: what a file holds stays, and is added to.
    pub resumed: bool,
    /// Where the listener counts.
    pub delivery: Arc<Delivery>,
}

impl Outlets {
    /// Opens a file to write to, beside the workload; what it held is gone, unless the run is resumed. Directories are made.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn create(&self, path: &str) -> Result<std::fs::File, CannotOpen> {
        let path_in_it = self.directory.join(path);
        let made = path_in_it.parent().map_or(Ok(()), std::fs::create_dir_all);
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(self.resumed).write(true).truncate(!self.resumed);
        made.and_then(|()| options.open(path_in_it))
            .map_err(|source| CannotOpen { what: path.to_owned(), source })
    }
}

/// A kind of listener. The type is the component that holds its settings.
pub trait Listen: Component + Sized {
    /// Name, summary, sample and what the node may hold.
    const SPEC: NodeSpec;

    /// Whether what it writes can be gone on with when a run that was saved is resumed.
    const GOES_ON: bool = true;

    /// Whether the argument behind its kind is the path of a file that it writes.
    const WRITES_FILE: bool = false;

    /// Reads `listener KIND …`.
    ///
    /// # Errors
    /// All that is wrong in the node.
    fn read(fields: Fields<'_>) -> Result<Self, Problems>;

    /// What it wants to be told; every sample without it.
    fn subscription(&self) -> Subscription {
        Subscription { samples: true, ..Subscription::default() }
    }

    /// The share of iterations whose requests and spans join a trace; `None` when it keeps no traces.
    fn trace_ratio(&self) -> Option<f64> {
        None
    }

    /// Opens what it writes to, before the run starts.
    ///
    /// # Errors
    /// When that cannot be done: a file that cannot be written, an address that is no address. A receiver that does
    /// not answer yet is no error.
    fn open(&self, header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen>;
}

/// One kind of listener in the table.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    spec: &'static NodeSpec,
    /// Whether what it writes can be gone on with when a run that was saved is resumed.
    pub goes_on: bool,
    /// Whether the argument behind its kind is the path of a file that it writes.
    pub writes_file: bool,
    /// Reads the node; gives what puts the settings on the listener's entity.
    pub read: fn(&Node) -> Result<Installer, Problems>,
    /// What the listener on an entity wants to be told.
    pub subscription: fn(EntityRef<'_>) -> Option<Subscription>,
    /// The trace ratio of the listener on an entity.
    pub trace_ratio: fn(EntityRef<'_>) -> Option<f64>,
    /// Opens the listener on an entity.
    pub open: fn(EntityRef<'_>, &RunHeader, Outlets) -> Option<Result<Box<dyn Worker>, CannotOpen>>,
}

/// Puts a plug-in's settings on its entity.
pub type Installer = Box<dyn FnOnce(&mut EntityWorldMut<'_>) + Send>;

impl Entry {
    /// The entry of a listener type.
    pub const fn of<L: Listen>() -> Self {
        Self {
            spec: &L::SPEC,
            goes_on: L::GOES_ON,
            writes_file: L::WRITES_FILE,
            read: |node| {
                let settings = L::read(Fields::of(node, &L::SPEC, 1))?;
                Ok(Box::new(move |entity| {
                    entity.insert(settings);
                }))
            },
            subscription: |entity| entity.get::<L>().map(L::subscription),
            trace_ratio: |entity| entity.get::<L>().and_then(L::trace_ratio),
            open: |entity, header, outlets| entity.get::<L>().map(|listener| listener.open(header, outlets)),
        }
    }
}

impl Named for Entry {
    const FAMILY: &'static str = "listeners";

    fn spec(&self) -> &'static NodeSpec {
        self.spec
    }

    fn table(registry: &mut Registry) -> &mut Table<Self> {
        &mut registry.listeners
    }
}

/// All kinds of the tree.
pub const ALL: &[Entry] = &[
    Entry::of::<console::Console>(),
    Entry::of::<file::File>(),
    Entry::of::<otlp::Otlp>(),
    Entry::of::<record::Record>(),
];
