//! What flags of `throng run` do.

use throng_tests::support::Authority;

use crate::books::{assert_adds_up, assert_lines_agree, count};
use crate::scratch::{CALM, Scratch};

const LOOK: &str = "target t noop\nbehavior b { noop name=x }\n";
const CROWD: &str = "scenario s { behavior b; arrivals poisson { hold \"200/s\" for=\"500ms\" } }\n";

#[test]
fn quiet_prints_nothing_but_errors() {
    let scratch = Scratch::new(format!("{CALM}{LOOK}{CROWD}listener console every=\"1s\"\n"));
    for command in ["run", "simulate"] {
        let ended = scratch.throng(&[command, "w.kdl", "--quiet"]);
        let said = (ended.code, ended.stdout.as_str(), ended.stderr.as_str());
        assert_eq!(said, (Some(0), "", ""), "{command}");
    }
    let ended = scratch.throng(&["run", "nowhere.kdl", "--quiet"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(104), ""));
    assert!(ended.stderr.contains("nowhere.kdl"), "{}", ended.stderr);
}

#[test]
fn failures_that_no_rule_looks_at_are_warned_of() {
    let unsent = "target t \"http://127.0.0.1:9\"\nservice t { time constant \"1ms\" }\nbehavior b { set n \"${1 / 0}\"; http GET \"/${n}\" name=x }\n";
    let warning = "warning: 100% of the steps failed, and no rule looks at failures\n";
    let scratch = Scratch::new(format!("{CALM}{unsent}{CROWD}"));
    for (arguments, in_results, told) in
        [(&["--quiet"][..], false, 1), (&[], true, 1), (&["--summary", "-"], false, 1)]
    {
        let ended = scratch.throng(&[&["simulate", "w.kdl"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(ended.stdout.contains(warning), in_results, "{arguments:?}: {}", ended.stdout);
        assert_eq!(ended.stderr.matches(warning).count(), told, "{arguments:?}: {}", ended.stderr);
    }
    let scratch = Scratch::new(format!("{CALM}{unsent}{CROWD}require {{ failures below=\"1%\" }}\n"));
    let ended = scratch.throng(&["simulate", "w.kdl", "--quiet"]);
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(99), ""));
}

#[test]
fn the_summary_goes_to_standard_output_and_progress_does_not() {
    let scratch = Scratch::new(format!("{CALM}{LOOK}{CROWD}listener console every=\"100ms\"\n"));
    let ended = scratch.throng(&["run", "w.kdl"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.starts_with("PASSED"), "{}", ended.stdout);
    assert!(!ended.stderr.is_empty(), "no progress");
    assert!(
        !ended.stdout.contains('\u{1b}') && !ended.stderr.contains('\u{1b}'),
        "colours go to terminals only"
    );
}

#[test]
fn a_summary_on_standard_output_has_it_to_itself() {
    let scratch = Scratch::new(format!("{CALM}{LOOK}{CROWD}"));
    for (arguments, text) in [(&["--summary", "-"][..], true), (&["--summary", "-", "--quiet"], false)] {
        let ended = scratch.throng(&[&["run", "w.kdl"], arguments].concat());
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let summary: serde_json::Value = serde_json::from_str(&ended.stdout).expect("it is JSON alone");
        assert_adds_up(&summary);
        assert_eq!(ended.stderr.contains("PASSED"), text, "{arguments:?}: {}", ended.stderr);
        assert!(!scratch.path("-").exists());
    }
}

#[test]
fn a_duration_ends_the_run() {
    let open = "scenario s { behavior b; arrivals even { hold \"200/s\" } }\n";
    let scratch = Scratch::new(format!("{CALM}{LOOK}{open}listener file \"samples.jsonl\"\n"));
    for command in ["run", "simulate"] {
        let ended = scratch.throng(&[command, "w.kdl", "--duration", "600ms", "--summary", "summary.json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let summary = scratch.summary();
        assert_eq!(
            (summary["stopped_by"].as_str(), summary["outcome"].as_str()),
            (Some("duration"), Some("passed"))
        );
        assert_adds_up(&summary);
        assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
        assert_eq!(count(&summary, "scenarios.s.tokens.started"), 120, "{command}");
        assert_eq!(summary["scenarios"]["s"]["tokens"]["expected"], 120.0, "{command}");
    }
}

#[test]
fn listeners_can_be_added() {
    let scratch = Scratch::new(format!("{CALM}{LOOK}{CROWD}"));
    let ended = scratch.throng(&["run", "w.kdl", "--out", "file=out/a.jsonl", "--summary", "summary.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    assert_lines_agree(&summary, &scratch.lines("out/a.jsonl"));
    let ended = scratch.throng(&["run", "w.kdl", "--out", "flie=a.jsonl"]);
    assert_eq!(ended.code, Some(104), "{}", ended.stderr);
    assert!(ended.stderr.contains("file"), "{}", ended.stderr);
}

#[test]
fn a_seed_is_repeated_and_one_that_was_drawn_can_be() {
    let calm = CALM.replace("seed 7\n", "");
    let scratch = Scratch::new(format!("{calm}{LOOK}{CROWD}listener file \"samples.jsonl\"\n"));
    let due = || -> Vec<u64> {
        let mut due: Vec<u64> =
            scratch.lines("samples.jsonl").iter().map(|line| count(line, "due_ns")).collect();
        due.sort_unstable();
        due
    };
    let first = scratch.run(0);
    let (seed, drawn) = (count(&first, "seed"), due());
    let again = scratch.throng(&["run", "w.kdl", "--seed", &seed.to_string()]);
    assert_eq!((again.code, due() == drawn), (Some(0), true), "seed {seed}");
    let other = scratch.throng(&["run", "w.kdl", "--seed", &(seed ^ 1).to_string()]);
    assert_eq!((other.code, due() == drawn), (Some(0), false), "seed {seed}");
}

#[test]
fn a_rule_about_the_time_ends_the_run_at_its_instant() {
    let both = "scenario s { behavior b; arrivals even { hold \"200/s\" } }\n\
                scenario c { behavior b; population { hold 3 }; pace \"100ms\" }\n\
                stop-when { elapsed \"610ms\" outcome=passed }\n";
    let scratch = Scratch::new(format!("{CALM}{LOOK}{both}listener file \"samples.jsonl\"\n"));
    for command in ["run", "simulate"] {
        let ended = scratch.throng(&[command, "w.kdl", "--summary", "summary.json"]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let summary = scratch.summary();
        assert_adds_up(&summary);
        assert_lines_agree(&summary, &scratch.lines("samples.jsonl"));
        assert_eq!(count(&summary, "scenarios.s.tokens.started"), 122, "{command}");
        // Due at 0, 100, … 600 ms.
        assert_eq!(count(&summary, "scenarios.c.iterations.started"), 21, "{command}");
    }
}

#[test]
fn users_whose_iterations_take_no_time_end_with_their_shape() {
    let still = "target t noop
behavior thinks { think constant \"0s\" }
behavior skips { repeat 0 { noop name=x } }
scenario a { behavior thinks; population { hold 2 for=\"200ms\" } }
scenario b { behavior skips; population { hold 2 for=\"200ms\" } }
";
    let scratch = Scratch::new(format!("{CALM}{still}"));
    let ended = scratch.throng(&["run", "w.kdl", "--summary", "summary.json"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    assert_adds_up(&summary);
    for scenario in ["a", "b"] {
        assert!(count(&summary, &format!("scenarios.{scenario}.iterations.succeeded")) > 2, "{scenario}");
    }
}

#[test]
fn paths_in_an_included_file_are_relative_to_it() {
    let upload = "http POST \"/\" name=up { multipart { file a \"a.txt\" } }";
    let part = format!(
        "throng 1\ntarget other \"https://127.0.0.1:1\" {{ tls {{ roots \"ca.pem\" }} }}\n\
         behavior uploader {{ {upload} }}\nlistener file \"out/samples.jsonl\" name=included\n"
    );
    let part = part.replace("name=up", "name=up target=other");
    let crew = "scenario s { behavior b; population { hold 1 for=\"100ms\" }; iterations 5 }\n";
    let scratch = Scratch::new(format!(
        "throng 1\ninclude \"parts/part.kdl\"\ntarget t noop\nbehavior b {{ noop name=x target=t }}\n{crew}"
    ));
    let write = |name: &str, text: &str| {
        let path = scratch.path(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("it can be made");
        std::fs::write(path, text).expect("it can be written");
    };
    write("parts/part.kdl", &part);
    let refused = scratch.throng(&["run", "w.kdl"]);
    assert_eq!(refused.code, Some(104), "{}", refused.stderr);
    write("parts/ca.pem", &Authority::new().certificate());
    write("parts/a.txt", "a");
    let ended = scratch.throng(&["run", "w.kdl", "--quiet"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(scratch.lines("parts/out/samples.jsonl").len(), 5);
}
