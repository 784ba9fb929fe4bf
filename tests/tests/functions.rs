//! Steps that are Rust functions, in real time: on the pool, too late, cut, and broken.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

use throng::components::sample::ErrorType;
use throng::components::workload::{ArgumentSpec, NodeSpec, ValueKind};
use throng::loader::{Overrides, load};
use throng::summary::{StepSummary, Summary, conservation};
use throng::systems::plugins::steps::{Function, Input, MEASURED, Place};
use throng::{App, RunOptions, run, simulate};

const ONE_TEXT: &[ArgumentSpec] = &[ArgumentSpec::of("what", ValueKind::Template, "What to do.")];

/// Does what its argument says, on a thread of the pool.
struct Work;

/// Opens when somebody else has come, too: that there are two at a time shows that the pool is one.
static MET: (Mutex<u64>, Condvar) = (Mutex::new(0), Condvar::new());
/// Calls that wait for the end of the test.
static HELD: AtomicU64 = AtomicU64::new(0);

impl Function for Work {
    const SPEC: NodeSpec = NodeSpec {
        name: "work",
        summary: "Works.",
        sample: "work meet",
        arguments: ONE_TEXT,
        properties: MEASURED,
        ..NodeSpec::EMPTY
    };
    const VARIABLES: &[&str] = &["worked"];
    const PLACE: Place = Place::Pool;

    fn call(input: &mut Input<'_>) -> Result<(), ErrorType> {
        match input.text(0)? {
            "meet" => {
                let mut met = MET.0.lock().unwrap_or_else(PoisonError::into_inner);
                *met += 1;
                MET.1.notify_all();
                let met = MET.1.wait_while(met, |met| *met < 2);
                drop(met);
            }
            "hold" => {
                HELD.fetch_add(1, Ordering::SeqCst);
                // Nobody ever wakes it: it outlives the run.
                loop {
                    std::thread::park();
                }
            }
            "break" => panic!("as it was told"),
            "refuse" => return Err(ErrorType::PROTOCOL),
            "forget" => return input.set("undeclared", true),
            _ => {}
        }
        input.record("worked", "", f64::NAN);
        input.record("worked", "", 1.0);
        input.set("worked", input.user().cast_signed())
    }
}

fn text(step: &str, population: &str) -> String {
    format!(
        "throng 1\nseed 1\ntarget t noop\nbehavior b {{\n{step}\nnoop name=after\n}}\n\
         scenario s {{ behavior b; population {{ {population} }}; {} }}\n",
        if population.contains("ms") { "drain \"0s\"" } else { "iterations 6" }
    )
}

fn loaded(app: &App, text: &str) -> throng::loader::Loaded {
    let loaded = load(Path::new("w.kdl"), text.as_bytes(), app.registry(), &Overrides::default());
    loaded.unwrap_or_else(|refused| panic!("{text}: {:#?}", refused.problems))
}

fn played(step: &str, population: &str) -> Summary {
    let app = App::new().register::<Work, _>();
    let loaded = loaded(&app, &text(step, population));
    let summary = run(&app, loaded, &RunOptions::default(), &AtomicU32::new(0)).expect("it runs");
    assert_eq!(conservation(&summary), Vec::<String>::new());
    summary
}

fn step<'a>(summary: &'a Summary, name: &str) -> &'a StepSummary {
    summary.steps.get(name).expect("it was run")
}

#[test]
fn functions_on_the_pool_do_not_hold_each_other_up() {
    let summary = played("work meet", "hold 2 for=\"1m\"");
    assert_eq!((step(&summary, "work").count, step(&summary, "work").failures), (6, 0));
    let worked = summary.measures.get("worked").expect("it was recorded");
    assert_eq!((worked.count, worked.refused), (6, 6), "one value each, and one that is no number");
}

#[test]
fn failures_have_their_names_and_nobody_else_is_touched() {
    let check = |what: &str, expected: &str| {
        let summary = played(&format!("work {what} name=x"), "hold 1 for=\"1m\"");
        assert_eq!(step(&summary, "x").errors, BTreeMap::from([(expected.to_owned(), 6)]), "{what}");
        assert_eq!((step(&summary, "after").count, step(&summary, "after").failures), (6, 0));
    };
    check("break", "panicked");
    check("refuse", "protocol_error");
    check("forget", "unset-variable");
    check("7", "expression_error");
    check("\"${worked}\"", "unset-variable");
}

#[test]
fn a_function_without_an_end_is_given_up() {
    let summary = played("work hold timeout=\"20ms\"", "hold 6 for=\"1m\"");
    let work = step(&summary, "work");
    assert_eq!(work.errors, BTreeMap::from([("timeout".to_owned(), 6)]));
    assert!(work.response_ns.min >= Some(20_000_000), "{:?}", work.response_ns.min);
    let summary = played("work hold", "hold 2 for=\"300ms\"");
    assert_eq!((step(&summary, "work").cut, step(&summary, "work").count), (2, 0));
    assert!(HELD.load(Ordering::SeqCst) >= 8, "all of them were begun");
}

#[test]
fn a_variable_that_a_function_sets_is_known_everywhere() {
    let app = App::new().register::<Work, _>();
    let loop_text = "set seen 0\nrepeat 2 { set seen \"${seen}\"; work go; set seen \"${worked}\" }";
    let play = || {
        let loaded = loaded(&app, &text(loop_text, "hold 3 for=\"1m\""));
        simulate(&app, loaded, RunOptions::default(), &AtomicU32::new(0)).expect("it runs")
    };
    let (first, second) = (play(), play());
    assert_eq!((step(&first, "work").count, step(&first, "work").failures), (12, 0));
    assert_eq!((&first.steps, &first.measures), (&second.steps, &second.measures));
}
