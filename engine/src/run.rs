//! One run, from a loaded workload to its summary.

use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

use bevy_ecs::prelude::*;
use throng_components::clock::{ClockKind, Nanos};
use throng_components::run::{ReplayOf, RunDuration, RunHeader, RunState, RunUntil};
use throng_components::seed::RunSeed;
use throng_components::service::ServiceId;
use throng_components::speed::Speed;
use throng_components::target::{ConnectionPolicy, Target, TargetAddress, TlsSettings};
use throng_components::trace::TraceContext;
use throng_systems::drivers::simulated::EventLog;
use throng_systems::live_control::{Commands, LiveControl};
use throng_systems::live_view::LiveView;
use throng_systems::plugins::NameTaken;
use throng_systems::plugins::listeners::{CannotOpen, Outlets};
use throng_systems::plugins::protocols::TlsClients;

use crate::app::App;
use crate::clock::RealClock;
use crate::loader::{Loaded, Workload};
use crate::replay::origin;
use crate::results::{ProcessFigures, summarise};
use crate::simulated::NoEnd;
use crate::summary::Summary;
use crate::world::RunFrame;
use crate::{demo, listening, real, simulated, world};

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

/// The header that listeners get; run ids are random and never derived from the seed.
fn header(loaded: &Loaded, options: &RunOptions, clock: ClockKind, seed: RunSeed) -> RunHeader {
    let workload = &loaded.workload;
    let run_id = uuid::Uuid::now_v7();
    RunHeader {
        run_id: run_id.to_string(),
        throng: env!("CARGO_PKG_VERSION"),
        workload: options.workload.clone(),
        clock,
        speed: if clock == ClockKind::Real { workload.speed } else { Speed::ONE },
        epoch_unix_ns: RealClock::unix_now(),
        scenarios: workload.scenarios.iter().map(|plan| plan.scenario.name.clone()).collect(),
        steps: workload.step_headers.clone(),
        groups: workload.steps.groups().to_vec(),
        services: Vec::new(),
        trace: TraceContext { run: run_id.as_u128(), ratio: 0.0, propagate: false },
        origin: origin(loaded, seed.0, options.replay_of.clone()),
    }
}

/// Lets requests carry trace ids when a listener exports spans, in the largest share that one of them asks for.
fn set_tracing(world: &mut World, app: &App) {
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

/// How many threads a run may use: what the workload says, else [`default_threads`].
///
/// Never more than the connections that a target's users share: each thread has its own of these, and the bound is exact.
fn thread_count(workload: &Workload) -> u16 {
    let threads = workload.threads.unwrap_or_else(default_threads);
    let shared = workload.targets.iter().filter_map(|target| match target.connections {
        ConnectionPolicy::Shared { limit } => Some(u16::try_from(limit).unwrap_or(u16::MAX)),
        ConnectionPolicy::PerUser | ConnectionPolicy::PerRequest => None,
    });
    shared.fold(threads, u16::min).max(1)
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
fn refuse(app: &App) -> Result<(), RunError> {
    if app.refused().is_empty() { Ok(()) } else { Err(RunError::NameTaken(app.refused().to_vec())) }
}

fn outlets(options: &RunOptions) -> Outlets {
    Outlets {
        directory: options.directory.clone(),
        terminal: options.terminal,
        delivery: std::sync::Arc::default(),
    }
}

/// Runs a workload in real time.
///
/// `interrupts` counts how often somebody asked the run to end: once drains it, twice cuts it.
///
/// # Errors
/// See [`RunError`]; nothing was sent then.
pub fn run(
    app: &App,
    mut loaded: Loaded,
    options: &RunOptions,
    interrupts: &AtomicU32,
) -> Result<Summary, RunError> {
    refuse(app)?;
    let sha256 = sha256(&loaded);
    let seed = RunSeed(loaded.workload.seed.unwrap_or_else(drawn_seed));
    let header = header(&loaded, options, ClockKind::Real, seed);
    let workload = &mut loaded.workload;
    let threads = thread_count(workload);
    // A tick is a time of this machine's: it takes as long however fast the run's time passes.
    workload.tick = workload.speed.to_run(workload.tick).max(Nanos(1));
    let duration = RunDuration(options.duration);
    let frame = RunFrame { clock: ClockKind::Real, seed, threads, duration, until: RunUntil::default() };
    let mut world = world::build(app, workload, frame, header);
    set_tracing(&mut world, app);
    attach(&mut world, options, workload.speed);
    let (targets, _demos) = start_demos(&workload.targets, seed)?;
    let tls = tls_clients(&targets)?;
    let listening = listening::open(&mut world, app.registry(), &outlets(options));
    let listening = listening.map_err(RunError::CannotOpen)?;
    let before = ProcessFigures::read();
    let threads = real::start_threads(&mut world, app, workload, &targets, &tls, threads);
    let threads = threads.map_err(RunError::Threads)?;
    real::run(&mut world, threads, interrupts);
    let process = ProcessFigures::read().since(before);
    listening.close(&mut world);
    *world.resource_mut::<RunState>() = RunState::Ended;
    Ok(summarise(&mut world, workload, &sha256, process))
}

/// Joins a world to the controls and the view that it was given.
fn attach(world: &mut World, options: &RunOptions, speed: Speed) {
    if let Some(commands) = options.commands.clone() {
        world.insert_resource(LiveControl::listening_to(commands));
    }
    if let Some(view) = options.view.clone() {
        world.insert_resource(view.at(speed));
    }
}

/// Starts a demo server for each target that asks for one; gives all targets with their addresses.
fn start_demos(targets: &[Target], seed: RunSeed) -> Result<(Vec<Target>, Vec<demo::Demo>), RunError> {
    let (mut resolved, mut demos) = (targets.to_vec(), Vec::new());
    for target in resolved.iter_mut().filter(|target| target.address == TargetAddress::Demo) {
        let listen = ([127, 0, 0, 1], 0).into();
        let demo = match &mut target.tls {
            None => demo::start(listen, seed.0).map_err(RunError::Demo)?,
            Some(tls) => {
                // Trusted by this run, and by nobody else.
                let (demo, certificate) = demo::start_with_tls(listen, seed.0).map_err(RunError::Demo)?;
                tls.roots = vec![certificate];
                demo
            }
        };
        let address = demo.address();
        target.address =
            TargetAddress::Url { host: address.ip().to_string(), port: address.port(), base: String::new() };
        demos.push(demo);
    }
    Ok((resolved, demos))
}

/// Whether a workload can run in virtual time: asked before any output is opened.
///
/// # Errors
/// [`RunError::NoService`] when a target has nobody that answers for it.
pub(crate) fn check_virtual(workload: &Workload) -> Result<(), RunError> {
    let unanswered = workload.unanswered();
    if unanswered.is_empty() { Ok(()) } else { Err(RunError::NoService(unanswered)) }
}

/// What the targets' TLS goes by. The machine's own roots are read only where something is verified against them.
///
/// They are the machine's and not a list of our own, so that what a company's machines trust is trusted here, too.
fn tls_clients(targets: &[Target]) -> Result<TlsClients, RunError> {
    let needed = |tls: &TlsSettings| tls.verify && tls.roots.is_empty();
    let needed = targets.iter().filter_map(Target::any_tls).any(needed);
    // A redirect may lead from plain HTTP to TLS. Where nothing is trusted, it is a redirect that cannot be followed.
    let led = targets.iter().any(|target| target.any_tls().is_none() && target.follow > 0);
    let mut roots = Vec::new();
    if needed || led {
        // A file of them that cannot be read counts as absent: what the others hold may be enough.
        let found = rustls_native_certs::load_native_certs().certs;
        roots.extend(found.into_iter().map(|certificate| certificate.to_vec()));
        if needed && roots.is_empty() {
            return Err(RunError::NoRoots);
        }
    }
    TlsClients::new(targets, &roots).map_err(RunError::Tls)
}

/// Runs a workload in virtual time, against its services.
///
/// # Errors
/// See [`RunError`].
pub fn simulate(
    app: &App,
    mut loaded: Loaded,
    mut options: RunOptions,
    interrupts: &AtomicU32,
) -> Result<Summary, RunError> {
    refuse(app)?;
    check_virtual(&loaded.workload)?;
    let sha256 = sha256(&loaded);
    let seed = RunSeed(loaded.workload.seed.unwrap_or_else(drawn_seed));
    let header = header(&loaded, &options, ClockKind::Virtual, seed);
    let workload = &mut loaded.workload;
    let services = std::mem::take(&mut workload.services);
    let duration = RunDuration(options.duration);
    let until = RunUntil(options.until);
    let frame = RunFrame { clock: ClockKind::Virtual, seed, threads: 1, duration, until };
    let names: Vec<String> = services.iter().map(|service| service.name.clone()).collect();
    let header = RunHeader { services: names.clone(), ..header };
    let log = options.events.take().map(|sink| EventLog::new(sink, &header.scenarios, &workload.steps));
    let mut world = world::build(app, workload, frame, header);
    set_tracing(&mut world, app);
    attach(&mut world, &options, Speed::ONE);
    let listening = listening::open(&mut world, app.registry(), &outlets(&options));
    let listening = listening.map_err(RunError::CannotOpen)?;
    let before = ProcessFigures::read();
    let name_of = |service: ServiceId| names.get(service.index()).cloned().unwrap_or_default();
    let mut simulation = simulated::connect(&mut world, workload, services, log);
    let log = simulated::run(&mut world, &mut simulation, app.has_systems(), interrupts);
    let process = ProcessFigures::read().since(before);
    listening.close(&mut world);
    let log = log.map_err(|no_end| match no_end {
        NoEnd::StandsStill(at) => RunError::StandsStill(at),
        NoEnd::Overrun(service, at) => RunError::Overrun { service: name_of(service), at },
    })?;
    log.map_or(Ok(()), EventLog::close).map_err(RunError::Events)?;
    *world.resource_mut::<RunState>() = RunState::Ended;
    Ok(summarise(&mut world, workload, &sha256, process))
}
