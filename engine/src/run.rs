//! What runs in real and in virtual time have in common: what they are told, and why there is none.

use std::path::PathBuf;

use bevy_ecs::prelude::*;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{ReplayOf, RunHeader};
use throng_components::speed::Speed;
use throng_components::state::NotRestored;
use throng_components::trace::TraceContext;
use throng_systems::live_control::{Commands, LiveControl};
use throng_systems::live_view::LiveView;
use throng_systems::plugins::NameTaken;
use throng_systems::plugins::listeners::{CannotOpen, Outlets};

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::Loaded;
use crate::replay::origin;
use crate::saved_run::SavedRun;
use crate::summary::Summary;

/// What a run is told besides its workload.
#[derive(Default)]
pub struct RunOptions {
    /// The workload's path as it is shown.
    pub workload: String,
    /// What relative paths of listeners are relative to.
    pub directory: PathBuf,
    /// Ends the run after this time.
    pub duration: Option<Nanos>,
    /// Ends a simulation at this instant, without a drain: what has not ended before it is cut.
    pub until: Option<Nanos>,
    /// The run whose iterations are done again.
    pub replay_of: Option<ReplayOf>,
    /// Whether standard error is a terminal whose last line can be written anew.
    pub terminal: bool,
    /// Where commands come from while the run goes on.
    pub commands: Option<Commands>,
    /// A view that is told how the run stands.
    pub view: Option<LiveView>,
    /// Where the event log of a simulation goes.
    pub events: Option<Box<dyn std::io::Write + Send>>,
}

/// How far a run went that is to be saved.
#[derive(Debug)]
pub enum RunEnd {
    /// To its end, before it could be saved.
    Over(Box<Summary>),
    /// To the instant at which it was to be saved.
    Saved(Box<SavedRun>),
}

impl RunEnd {
    /// A run that went to its end.
    pub(crate) fn over(summary: Summary) -> Self {
        Self::Over(Box::new(summary))
    }

    /// The results of a run that nobody asked to be saved.
    pub(crate) fn whole(self) -> Summary {
        match self {
            Self::Over(summary) => *summary,
            Self::Saved(_) => unreachable!("nobody asked for it"),
        }
    }
}

/// Why a run did not take place, or not to its end.
#[derive(Debug)]
pub enum RunError {
    /// Plug-ins of the application whose name is taken.
    NameTaken(Vec<NameTaken>),
    /// Listeners that cannot be opened.
    CannotOpen(Vec<CannotOpen>),
    /// Certificates have to be verified, and this machine trusts none.
    NoRoots,
    /// TLS cannot be set up.
    Tls(rustls::Error),
    /// The demo target finds no port.
    Demo(std::io::Error),
    /// The operating system gives no thread.
    Threads(std::io::Error),
    /// The terminal cannot be taken over for a view.
    View(std::io::Error),
    /// The event log cannot be written.
    Events(std::io::Error),
    /// What keeps the run from being saved.
    NotSaved(Vec<String>),
    /// A saved run whose state does not fit its workload.
    NotRestored(NotRestored),
    /// Targets that nobody answers for in virtual time.
    NoService(Vec<String>),
    /// Simulated time does not move on from this instant.
    StandsStill(Nanos),
    /// A modelled service's queue has grown beyond all bounds.
    Overrun {
        /// Which service's.
        service: String,
        /// When it had.
        at: Nanos,
    },
}

impl std::fmt::Display for RunError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NameTaken(all) => {
                write!(f, "{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
            Self::CannotOpen(all) => {
                let lines = all.iter().map(|error| format!("cannot open `{}`: {}", error.what, error.source));
                write!(f, "{}", lines.collect::<Vec<_>>().join("\n"))
            }
            Self::NoRoots => write!(
                f,
                "this machine trusts no certificate at all: install its root certificates (`ca-certificates`), or name \
                 some with `tls {{ roots \"ca.pem\" }}`"
            ),
            Self::Tls(error) => write!(f, "TLS cannot be set up: {error}"),
            Self::Demo(error) => write!(f, "the demo target cannot listen: {error}"),
            Self::Threads(error) => write!(f, "no thread to be had: {error}"),
            Self::View(error) => write!(f, "the terminal cannot be taken over: {error}"),
            Self::Events(error) => write!(f, "cannot write the event log: {error}"),
            Self::NotSaved(reasons) => write!(f, "this run cannot be saved: {}", reasons.join("; ")),
            Self::NotRestored(why) => write!(f, "what was saved does not fit its workload: {why}"),
            Self::NoService(names) => write!(
                f,
                "nothing answers for {} in virtual time: add `service {} {{ servers 1; time constant \"10ms\" }}`",
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
                names.first().map_or("NAME", String::as_str),
            ),
            Self::Overrun { service, at } => write!(
                f,
                "more than 5,000,000 requests wait at the service `{service}` after {at}: it gets more than it can ever \
                 serve; give it more servers, a `queue` with a `limit`, or less load"
            ),
            Self::StandsStill(at) => write!(
                f,
                "simulated time stands still at {at}: users repeat and nothing they do takes time; add a `think`, a \
                 `pace` or a service time"
            ),
        }
    }
}

impl std::error::Error for RunError {}

/// A run's id, and the wall time of its start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    pub(crate) run_id: u128,
    pub(crate) epoch_unix_ns: u64,
}

impl Birth {
    /// That of a run which begins now. Ids are random and never derived from the seed.
    pub(crate) fn now() -> Self {
        Self { run_id: uuid::Uuid::now_v7().as_u128(), epoch_unix_ns: RealClock::unix_now() }
    }
}

/// The header that listeners get.
pub(crate) fn header(
    loaded: &Loaded,
    options: &RunOptions,
    clock: ClockKind,
    (birth, seed): (Birth, u64),
) -> RunHeader {
    let workload = &loaded.workload;
    RunHeader {
        run_id: uuid::Uuid::from_u128(birth.run_id).to_string(),
        throng: env!("CARGO_PKG_VERSION"),
        workload: options.workload.clone(),
        clock,
        speed: if clock == ClockKind::Real { workload.speed } else { Speed::ONE },
        epoch_unix_ns: birth.epoch_unix_ns,
        scenarios: workload.scenarios.iter().map(|plan| plan.scenario.name.clone()).collect(),
        steps: workload.step_headers.clone(),
        groups: workload.steps.groups().to_vec(),
        services: Vec::new(),
        trace: TraceContext { run: birth.run_id, ratio: 0.0, propagate: false },
        origin: origin(loaded, seed, options.replay_of.clone()),
    }
}

/// Lets requests carry trace ids when a listener exports spans, in the largest share that one of them asks for.
pub(crate) fn set_tracing(world: &mut World, app: &App) {
    let mut query = world.query::<EntityRef<'_>>();
    let entries = app.registry().listeners.entries();
    let ratios = query.iter(world).flat_map(|entity| {
        entries.iter().filter_map(move |entry| (entry.trace_ratio)(entity)).collect::<Vec<_>>()
    });
    if let Some(ratio) = ratios.reduce(f64::max) {
        let mut header = world.resource_mut::<RunHeader>();
        header.trace.ratio = ratio;
        header.trace.propagate = true;
    }
}

/// How many threads a run has that does not say: one for each core this process may run on.
pub(crate) fn default_threads() -> u16 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u16::try_from(cores).unwrap_or(u16::MAX).min(64)
}

/// A seed for a run that names none: shown in its results, so that it can be repeated.
pub(crate) fn drawn_seed() -> u64 {
    let bits = uuid::Uuid::new_v4().as_u128();
    // 48 random bits, short enough to be typed again.
    (bits >> 80) as u64 & 0xffff_ffff_ffff
}

/// The SHA-256 of a workload's text, and of the files' texts that it includes, one after the other as they are read.
pub(crate) fn sha256(loaded: &Loaded) -> String {
    use sha2::Digest;
    let mut digest = sha2::Sha256::new();
    for file in loaded.sources.files() {
        digest.update(file.text.as_bytes());
    }
    let digits = digest.finalize();
    let digits = digits.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

/// An application whose plug-ins are not the ones that it names runs nothing.
pub(crate) fn refuse(app: &App) -> Result<(), RunError> {
    if app.refused().is_empty() { Ok(()) } else { Err(RunError::NameTaken(app.refused().to_vec())) }
}

pub(crate) fn outlets(options: &RunOptions, resumed: bool) -> Outlets {
    Outlets {
        directory: options.directory.clone(),
        terminal: options.terminal,
        resumed,
        delivery: std::sync::Arc::default(),
    }
}

/// Joins a world to the controls and the view that it was given.
pub(crate) fn attach(world: &mut World, options: &RunOptions, speed: Speed) {
    if let Some(commands) = options.commands.clone() {
        world.insert_resource(LiveControl::listening_to(commands));
    }
    if let Some(view) = options.view.clone() {
        world.insert_resource(view.at(speed));
    }
}
