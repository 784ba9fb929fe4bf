//! What is done to the generator, and what its verdict says of it.
//!
//! | fault | caught as |
//! | --- | --- |
//! | a system of the tick that blocks | a stall |
//! | a system of the tick that computes too long | an underrun, where orders were due |
//! | a step that holds up the thread of all users | late starts |
//!
//! `integration/stopped.rs` stops a whole process.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::phase::Phase;
use throng::components::run::Verdict;
use throng::components::sample::ErrorType;
use throng::components::workload::NodeSpec;
use throng::loader::{Overrides, load};
use throng::summary::{Summary, conservation};
use throng::systems::drivers::thread::thread_cpu;
use throng::systems::plugins::steps::{Function, Input, MEASURED, Place};
use throng::{App, RunOptions, run};

/// When a fault strikes, in the run's time.
const AT: Nanos = Nanos::from_millis(300);

/// How long: longer than any stall that is none.
const LENGTH: Nanos = Nanos::from_millis(600);

fn played(app: &App, text: &str) -> Summary {
    let loaded = load(Path::new("w.kdl"), text.as_bytes(), app.registry(), &Overrides::default());
    let loaded = loaded.unwrap_or_else(|refused| panic!("{text}: {:#?}", refused.problems));
    let summary = run(app, loaded, &RunOptions::default(), &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&summary), Vec::<String>::new());
    summary
}

/// The verdict is one of these two, says why, and since when.
fn check(summary: &Summary, reason: &str, since: std::ops::RangeInclusive<u64>) {
    assert!(summary.verdict > Verdict::Valid, "{:?}", summary.generator);
    let reasons = &summary.verdict_reasons;
    assert!(reasons.iter().any(|said| said.contains(reason)), "{reasons:?} lack `{reason}`");
    let second = summary.verdict_since_ns.map(|at| at / 1_000_000_000);
    assert!(second.is_some_and(|second| since.contains(&second)), "{second:?} of {reasons:?}");
}

/// Waits and does nothing.
fn block() {
    for _ in 0..LENGTH.0 / Nanos::MILLISECOND.0 {
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

/// Computes for so long.
fn compute(length: Nanos) {
    let before = thread_cpu();
    while thread_cpu() - before < length {
        std::hint::spin_loop();
    }
}

/// Strikes once.
fn once(clock: Res<'_, RunClock>, mut struck: Local<'_, bool>, fault: fn()) {
    if clock.now >= AT && !std::mem::replace(&mut *struck, true) {
        fault();
    }
}

const OPEN: &str = "throng 1\nseed 1\ntarget t noop\nbehavior b { noop name=x }\n\
     scenario s { behavior b; arrivals even { hold \"100/s\" for=\"2s\" } }\n";

const CLOSED: &str = "throng 1\nseed 1\nthreads 1\ntarget t noop\nbehavior b { noop name=x }\n\
     scenario s { behavior b; population { hold 1 for=\"2s\" }; pace \"10ms\" }\n";

#[test]
fn a_system_that_blocks_the_world_is_a_stall() {
    let blocks = |clock: Res<'_, RunClock>, struck: Local<'_, bool>| once(clock, struck, block);
    for text in [OPEN, CLOSED] {
        let summary = played(&App::new().add_system(Phase::Judge, blocks), text);
        check(&summary, "the generator stood still", 0..=1);
        assert!(summary.generator.stalls >= 1 && summary.generator.stalled_ns > 250_000_000);
    }
}

#[test]
fn a_system_that_computes_for_too_long_hands_out_too_late() {
    let computes =
        |clock: Res<'_, RunClock>, struck: Local<'_, bool>| once(clock, struck, || compute(LENGTH));
    let summary = played(&App::new().add_system(Phase::Judge, computes), OPEN);
    check(&summary, "reached a thread after something in it was due", 0..=1);
}

/// A step that keeps the thread of all users to itself.
struct Hog;

/// How often it was called.
static CALLS: AtomicU32 = AtomicU32::new(0);

impl Function for Hog {
    const SPEC: NodeSpec =
        NodeSpec { name: "hog", summary: "Hogs.", sample: "hog", properties: MEASURED, ..NodeSpec::EMPTY };
    const PLACE: Place = Place::Thread;

    fn call(_: &mut Input<'_>) -> Result<(), ErrorType> {
        CALLS.fetch_add(1, Ordering::Relaxed);
        compute(Nanos::from_millis(30));
        Ok(())
    }
}

#[test]
fn a_step_that_holds_up_a_thread_makes_others_late() {
    let app = App::new().register::<Hog, _>();
    let text = "throng 1\nseed 1\nthreads 1\ntarget t noop\nbehavior b { hog name=x }\n\
         scenario s { behavior b; population { hold 3 for=\"10m\" }; iterations 30 }\n";
    let summary = played(&app, text);
    assert_eq!(CALLS.load(Ordering::Relaxed), 30);
    check(&summary, "step starts came more than 10.0 ms late", 0..=0);
    assert_eq!(summary.verdict, Verdict::Invalid);
}
