//! Runs a workload through the whole engine, under the virtual clock and in this process.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex, PoisonError};

use throng::components::clock::Nanos;
use throng::loader::{Environment, Loaded, Overrides, Severity, Shelf, Style, load, render};
use throng::summary::{ScenarioSummary, Summary};
use throng::{App, Origin, RunEnd, RunError, RunOptions, SavedRun};

use super::{Event, Plan, Record, ScenarioPlan, read_log};

/// What is run: a text, and what the command line would add.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The workload.
    pub text: String,
    /// `--duration`.
    pub duration: Option<Nanos>,
    /// `--until`.
    pub until: Option<Nanos>,
}

impl From<&str> for Run {
    fn from(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

impl From<&Plan> for Run {
    fn from(plan: &Plan) -> Self {
        Self { text: plan.to_string(), duration: plan.duration.map(Nanos::from_millis), until: None }
    }
}

impl Run {
    /// What it is run with, and where its event log goes.
    fn options(&self) -> (RunOptions, Memory) {
        let memory = Memory::default();
        let events = Some(Box::new(memory.clone()) as Box<dyn Write + Send>);
        (RunOptions { duration: self.duration, until: self.until, events, ..RunOptions::default() }, memory)
    }
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its summary.
    pub summary: Summary,
    /// Its event log.
    pub log: Vec<u8>,
    /// The log, read.
    pub events: Vec<Event>,
}

/// A sink in memory that can be looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn taken(&self) -> Vec<u8> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Runs a workload to its end.
///
/// # Errors
/// When the run does not take place or cannot end.
///
/// # Panics
/// When the workload does not load: its problems are shown.
pub fn run(run: impl Into<Run>) -> Result<Observed, RunError> {
    run_with(&App::new(), run)
}

/// Runs a workload to its end, with an application's own systems.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub fn run_with(app: &App, run: impl Into<Run>) -> Result<Observed, RunError> {
    let run = run.into();
    let loaded = loaded(app, &run, &Overrides::default());
    let (options, memory) = run.options();
    let summary = throng::simulate(app, loaded, options, &AtomicU32::new(0))?;
    let log = memory.taken();
    Ok(Observed { summary, events: read_log(&log), log })
}

/// As if it lay among the workloads, whose files it may name.
fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/simulated.kdl")
}

fn loaded(app: &App, run: &Run, overrides: &Overrides) -> Loaded {
    let loaded = load(&path(), run.text.as_bytes(), app.registry(), overrides);
    loaded.unwrap_or_else(|refused| {
        let shown = render(&refused.problems, &refused.sources, Severity::Error, Style::PLAIN);
        panic!("it does not load:\n{}\n{shown}", run.text)
    })
}

/// What came of the first part of a run.
pub enum FirstPart {
    /// It ended before it could be saved.
    Ended(Box<Observed>),
    /// The saved run, and its event log up to there.
    Saved(Box<SavedRun>, Vec<u8>),
}

/// Runs a workload up to an instant and saves it there.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub fn run_until(app: &App, run: impl Into<Run>, at: Nanos) -> Result<FirstPart, RunError> {
    let run = run.into();
    let overrides = Overrides { files: Shelf::keeping(), ..Overrides::default() };
    let loaded = loaded(app, &run, &overrides);
    let origin = Origin::of(&path(), &loaded, &overrides);
    let (options, memory) = run.options();
    let ended = throng::simulate_until(app, loaded, origin, options, &AtomicU32::new(0), at)?;
    let log = memory.taken();
    Ok(match ended {
        RunEnd::Saved(saved) => FirstPart::Saved(saved, log),
        RunEnd::Over(summary) => {
            FirstPart::Ended(Box::new(Observed { summary: *summary, events: read_log(&log), log }))
        }
    })
}

/// Goes on with a saved run to its end; gives its summary and the rest of its event log.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// When its workload does not load.
pub fn resume(app: &App, saved: &SavedRun) -> Result<(Summary, Vec<u8>), RunError> {
    let loaded = saved.origin().load(app.registry(), &[], Environment::default());
    let loaded = loaded.unwrap_or_else(|refused| panic!("{:?}", refused.problems));
    let (options, memory) = Run::default().options();
    match throng::resume(app, saved, loaded, options, &AtomicU32::new(0), None)? {
        RunEnd::Over(summary) => Ok((*summary, memory.taken())),
        RunEnd::Saved(_) => unreachable!("nobody asked for it"),
    }
}

/// A summary without what may differ between two runs of one workload with one seed.
pub fn comparable(summary: &Summary) -> serde_json::Value {
    let mut value = serde_json::to_value(summary).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        for name in ["run_id", "throng", "workload", "workload_sha256", "started", "generator"] {
            members.remove(name);
        }
    }
    value
}

impl Observed {
    /// A scenario's figures.
    ///
    /// # Panics
    /// When there is no scenario of this name.
    pub fn scenario(&self, name: &str) -> &ScenarioSummary {
        self.summary.scenarios.get(name).unwrap_or_else(|| panic!("no scenario {name}"))
    }

    /// A scenario's iterations, in the order in which they ended.
    pub fn iterations<'a>(&'a self, scenario: &'a str) -> impl Iterator<Item = &'a Record> {
        self.events.iter().filter_map(move |event| match event {
            Event::Iteration(record) if record.scenario == scenario => Some(record),
            _ => None,
        })
    }

    /// All steps, in the order in which they ended.
    pub fn steps(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter_map(|event| match event {
            Event::Step(record) => Some(record),
            _ => None,
        })
    }

    /// All tries of steps, in the order in which they ended. A step that failed unsent is none.
    pub fn tries(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter_map(|event| match event {
            Event::Step(record) | Event::Retried(record) => Some(record).filter(|record| record.attempt > 0),
            _ => None,
        })
    }

    /// Tries that were followed by another one.
    pub fn retried(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter_map(|event| match event {
            Event::Retried(record) => Some(record),
            _ => None,
        })
    }

    /// All groups, in the order in which they ended.
    pub fn groups(&self) -> impl Iterator<Item = &Record> {
        self.events.iter().filter_map(|event| match event {
            Event::Group(record) => Some(record),
            _ => None,
        })
    }
}

/// A drawn workload and what came of it: what checkers look at.
#[derive(Clone, Debug)]
pub struct Case {
    /// The drawn options.
    pub plan: Plan,
    /// What came of them.
    pub observed: Observed,
}

impl Case {
    /// Scenarios as drawn, each with its figures.
    pub fn scenarios(&self) -> impl Iterator<Item = (&ScenarioPlan, &ScenarioSummary)> {
        self.plan.scenarios.iter().map(|plan| (plan, self.observed.scenario(&plan.name)))
    }

    /// When the run was stopped, where the plan and the log say it; the instant, and whether things at it still happened.
    pub fn stopped(&self) -> Option<(u64, bool)> {
        let by = self.observed.summary.stopped_by.as_deref()?;
        if by == "duration" {
            return self.plan.duration.map(|millis| (millis * 1_000_000, false));
        }
        let rule = self.plan.stop_rules.iter().find(|rule| by == format!("stop-when {rule}"))?;
        rule.instant(self)
    }
}
