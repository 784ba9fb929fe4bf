//! What helps to begin: `init`, `completions`, `man`, `list` and `explain`, as commands.

use std::process::Command;

use crate::books::assert_adds_up;
use crate::scratch::Scratch;

#[test]
fn a_minimal_workload_runs_as_it_is() {
    let scratch = Scratch::new("");
    let made = scratch.throng(&["init", "shop"]);
    let next = "wrote shop/workload.kdl\nnext: throng run shop/workload.kdl\n";
    assert_eq!((made.code, made.stdout.as_str(), made.stderr.as_str()), (Some(0), next, ""));
    assert_eq!(scratch.throng(&["fmt", "--check", "shop/workload.kdl"]).code, Some(0));
    let ran = scratch.throng(&["run", "shop/workload.kdl", "--duration", "1s", "--summary", "summary.json"]);
    // On a machine that is busy with something else the schedule may not be kept.
    assert!(matches!(ran.code, Some(0 | 90)), "{:?}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    let summary = scratch.summary();
    assert_eq!((&summary["outcome"], &summary["steps"]["home"]["failures"]), (&"passed".into(), &0.into()));
    assert_adds_up(&summary);
}

#[test]
fn a_full_workload_runs_in_both_times() {
    let scratch = Scratch::new("");
    let made = scratch.throng(&["init", "--full"]);
    assert_eq!((made.code, made.stderr.as_str()), (Some(0), ""));
    assert!(made.stdout.ends_with("next: throng run workload.kdl\n"), "{}", made.stdout);
    let checked = scratch.throng(&["check", "workload.kdl"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""));
    let simulated = scratch.throng(&["simulate", "workload.kdl", "--summary", "summary.json"]);
    assert_eq!(simulated.code, Some(0), "{}\n{}", simulated.stdout, simulated.stderr);
    assert_adds_up(&scratch.summary());
    // Its warm-up is longer than that: requirements have no data to hold on.
    let ran = scratch.throng(&["run", "workload.kdl", "--duration", "1s", "--summary", "summary.json"]);
    assert!(matches!(ran.code, Some(90 | 99)), "{:?}\n{}\n{}", ran.code, ran.stdout, ran.stderr);
    let summary = scratch.summary();
    assert_eq!(summary["stopped_by"], "duration");
    assert_adds_up(&summary);
}

#[test]
fn no_workload_is_written_over_unless_asked_for() {
    let scratch = Scratch::new("");
    assert_eq!(scratch.throng(&["init"]).code, Some(0));
    std::fs::write(scratch.path("workload.kdl"), "mine").expect("it can be written");
    let again = scratch.throng(&["init"]);
    assert_eq!(again.code, Some(106));
    assert!(again.stderr.contains("--force"), "{}", again.stderr);
    assert_eq!(scratch.read("workload.kdl"), "mine");
    assert_eq!(scratch.throng(&["init", "--force"]).code, Some(0));
    assert!(scratch.read("workload.kdl").starts_with("// "));
}

#[test]
fn bash_completes_commands_options_and_names() {
    let scratch = Scratch::new("");
    let script = scratch.throng(&["completions", "bash"]);
    assert_eq!(script.code, Some(0), "{}", script.stderr);
    let completed = |words: &str| {
        let program = format!(
            "{}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); COMPREPLY=()\n\
             _throng throng \"${{COMP_WORDS[$COMP_CWORD]}}\" \"${{COMP_WORDS[$COMP_CWORD-1]}}\"\n\
             echo \"${{COMPREPLY[@]}}\"",
            script.stdout
        );
        let output = Command::new("bash").args(["--norc", "-c", &program]).output().expect("bash is there");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    assert_eq!(completed("throng sim"), "simulate");
    assert_eq!(completed("throng list ex"), "exit-conditions exit-codes");
    assert_eq!(completed("throng explain pois"), "poisson");
    assert_eq!(completed("throng check w --for"), "--format");
    for shell in ["zsh", "fish"] {
        let script = scratch.throng(&["completions", shell]);
        assert_eq!(script.code, Some(0), "{}", script.stderr);
        assert!(script.stdout.contains("poisson") && script.stdout.contains("exit-conditions"), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let scratch = Scratch::new("");
    let page = scratch.throng(&["man"]);
    assert_eq!(page.code, Some(0), "{}", page.stderr);
    assert!(page.stdout.contains(".TH throng 1"), "{}", page.stdout);
    assert_eq!(scratch.throng(&["man", "manual"]).code, Some(0));
    for name in ["throng", "throng-run", "throng-fmt", "throng-man"] {
        let page = scratch.read(&format!("manual/{name}.1"));
        assert!(page.contains(".SH OPTIONS"), "{name}: {page}");
    }
}

#[test]
fn what_is_beside_the_language_is_listed_and_explained() {
    let scratch = Scratch::new("");
    let check = |arguments: &[&str], expected: &str| {
        let ended = scratch.throng(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stdout.contains(expected), "{arguments:?}: {}", ended.stdout);
    };
    check(&["list"], "more, by name: names, metrics, fields, errors, error-types, words, exit-codes");
    check(&["list", "metrics"], "throng.lateness");
    check(&["list", "fields"], "scenarios.*.lateness_ns");
    check(&["list", "errors"], "T0007");
    check(&["list", "exit-codes"], "exit-104");
    check(&["explain", "99"], "exit-99: what the process returns\n  failed");
    check(&["explain", "exit-99"], "exit-99: what the process returns\n  failed");
    check(&["explain", "lateness_ns"], "scenarios.*.lateness_ns: a field of the JSON");
    check(&["explain", "scenarios.crowd.lateness_ns"], "scenarios.*.lateness_ns: a field of the JSON");
    check(&["explain", "http.client.request.duration"], "a metric of `listener otlp`, histogram");
}
