//! One suite over every entry of every family: its sample is read, what it does not know is refused, and chance has no part.

use std::path::Path;

use throng::App;
use throng::components::clock::Nanos;
use throng::components::workload::NodeSpec;
use throng::loader::{Loaded, Overrides, Refused, Registry, load};
use throng_tests::simulation::{FirstPart, Run, comparable, resume, run, run_until};

const HEAD: &str = "throng 1\nseed 3\ntarget shop \"http://127.0.0.1:1\"\ntarget nothing noop\n\
    service shop { time constant \"3ms\"; fails ratio=\"10%\" }\n";
const BEHAVIOR: &str = "behavior visit { http GET \"/\" name=login; noop name=home }\n";
const CROWD: &str = "scenario crowd { behavior visit; arrivals even { hold \"50/s\" for=\"1m\" } }\n";

/// A family: its samples, and the smallest workload around one of them.
struct Family {
    name: &'static str,
    specs: Vec<&'static NodeSpec>,
    around: fn(&str) -> String,
    /// Whether a run of it opens nothing outside this process.
    runs: bool,
}

fn families() -> Vec<Family> {
    let registry = Registry::default();
    vec![
        Family {
            name: "arrivals",
            specs: registry.arrivals.specs().collect(),
            around: |sample| format!("{HEAD}{BEHAVIOR}scenario crowd {{ behavior visit; {sample} }}\n"),
            runs: true,
        },
        Family {
            name: "steps",
            specs: registry.steps.specs().collect(),
            around: |sample| {
                // An `else` has a `when` before it, a call something to call.
                let when = if sample.starts_with("else") { "when #false { noop name=never }\n" } else { "" };
                let called = "behavior log-in { noop name=login }\n";
                format!("{HEAD}{called}behavior visit {{ {when}{sample} }}\n{CROWD}")
            },
            runs: true,
        },
        Family {
            name: "laws",
            specs: registry.laws.specs().collect(),
            around: |sample| format!("{HEAD}behavior visit {{ {sample} }}\n{CROWD}"),
            runs: true,
        },
        Family {
            name: "queues",
            specs: registry.queues.specs().collect(),
            around: |sample| {
                format!("{HEAD}{BEHAVIOR}{CROWD}service nothing {{ {sample}; time constant \"1ms\" }}\n")
            },
            runs: true,
        },
        Family {
            name: "laws of a service",
            specs: registry.laws.specs().collect(),
            around: |sample| {
                let time = sample.replacen("think", "time", 1);
                let target = "throng 1\nseed 3\ntarget shop \"http://127.0.0.1:1\"";
                let visit = "behavior visit { http GET \"/\" name=login }";
                format!("{target}\nservice shop {{ {time} }}\n{visit}\n{CROWD}")
            },
            runs: true,
        },
        Family {
            name: "exit conditions",
            specs: registry.exit_conditions.specs().collect(),
            around: |sample| format!("{HEAD}{BEHAVIOR}{CROWD}stop-when {{ {sample} }}\n"),
            runs: true,
        },
        Family {
            name: "listeners",
            specs: registry.listeners.specs().collect(),
            around: |sample| format!("{HEAD}{BEHAVIOR}{CROWD}{sample}\n"),
            runs: false,
        },
    ]
}

/// Loads a text as if it lay among the workloads, whose files samples name.
fn load_text(text: &str) -> Result<Loaded, Refused> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/sample.kdl");
    load(&path, text.as_bytes(), &Registry::default(), &Overrides::default())
}

/// Calls `check` with every entry's name, its sample and the workload around a variation of it.
fn for_each(check: impl Fn(&str, &Family, &NodeSpec)) {
    for family in families() {
        assert!(!family.specs.is_empty(), "{} has no entry", family.name);
        for spec in &family.specs {
            check(&format!("{} {}", family.name, spec.name), &family, spec);
        }
    }
}

#[test]
fn every_sample_is_read() {
    for_each(|name, family, spec| {
        let text = (family.around)(spec.sample);
        if let Err(refused) = load_text(&text) {
            panic!("{name}: {text}\n{:#?}", refused.problems);
        }
    });
}

/// A node's head ends before its children.
fn with_property(sample: &str, property: &str) -> String {
    let (head, rest) = sample.split_at(sample.find(" {").unwrap_or(sample.len()));
    format!("{head} {property}{rest}")
}

fn with_child(sample: &str, child: &str) -> String {
    match sample.trim_end().strip_suffix('}') {
        Some(open) => format!("{open}\n{child}\n}}"),
        None => format!("{sample} {{ {child} }}"),
    }
}

#[test]
fn what_an_entry_does_not_know_is_refused() {
    let codes = |text: &str| match load_text(text) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.problems.iter().map(|problem| problem.code).collect(),
    };
    for_each(|name, family, spec| {
        let text = (family.around)(&with_property(spec.sample, "zebra=1"));
        assert_eq!(codes(&text), ["T0022"], "{name}: {text}");
        // Steps hold other steps, whose table refuses what it does not know with a code of its own.
        if !spec.any_children && spec.name != "choose" {
            let text = (family.around)(&with_child(spec.sample, "zebra 1"));
            assert_eq!(codes(&text), ["T0023"], "{name}: {text}");
        }
    });
}

#[test]
fn every_property_of_the_table_is_known() {
    for_each(|name, family, spec| {
        for property in spec.properties {
            let text = (family.around)(&with_property(spec.sample, &format!("{}=#null", property.name)));
            let found = load_text(&text).err().map(|refused| refused.problems).unwrap_or_default();
            let unknown = found.iter().any(|problem| problem.code == "T0022");
            assert!(!unknown, "{name}: {} stands in the table and is unknown: {text}", property.name);
        }
    });
}

#[test]
fn chance_has_no_part_in_it() {
    for_each(|name, family, spec| {
        if !family.runs {
            return;
        }
        let simulate = || {
            let text = (family.around)(spec.sample);
            run(Run { text, duration: Some(Nanos::from_secs(2)), ..Run::default() })
                .unwrap_or_else(|error| panic!("{name}: {error}"))
        };
        let (first, second) = (simulate(), simulate());
        assert!(!first.log.is_empty(), "{name}: nothing happened");
        assert!(first.log == second.log, "{name}: two runs, two event logs");
        assert_eq!(comparable(&first.summary), comparable(&second.summary), "{name}");
        // It stops when it is asked to.
        assert!(first.summary.duration_ns <= 32_000_000_000, "{name}: {}", first.summary.duration_ns);
    });
}

#[test]
fn a_run_with_it_can_be_saved_and_goes_on() {
    for_each(|name, family, spec| {
        if !family.runs {
            return;
        }
        let text =
            Run { text: (family.around)(spec.sample), duration: Some(Nanos::from_secs(2)), until: None };
        let app = App::new();
        let whole = run(text.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let first = run_until(&app, text, Nanos::from_millis(1_234));
        let (saved, log) = match first.unwrap_or_else(|error| panic!("{name}: {error}")) {
            FirstPart::Saved(saved, log) => (saved, log),
            FirstPart::Ended(_) => panic!("{name}: it is over before it can be saved"),
        };
        let (summary, rest) = resume(&app, &saved).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(
            [log, rest].concat() == whole.log,
            "{name}: the two parts of its event log are not the whole"
        );
        assert_eq!(comparable(&summary), comparable(&whole.summary), "{name}");
    });
}
