//! What comes from outside of the workload: options, the environment, secrets.

use crate::scratch::Scratch;

const FILE: &str = "throng 1\nseed 1\nparam n 2\nparam token \"${env('SHOP_TOKEN')}\"\ntarget t noop\n\
    service t { time constant \"1ms\" }\n\
    behavior b { repeat \"${n}\" { noop name=x }; set header \"Bearer ${token}\"; repeat \"${length(header)}\" { noop name=y } }\n\
    scenario s { behavior b; population { hold 1 for=\"1s\" }; iterations 1 }\nlistener file \"samples.jsonl\"\n";

/// The seed, `n`, and how often `x` ran.
fn check(options: &[&str], variables: &[(&str, &str)], expected: (u64, &str, u64)) {
    let scratch = Scratch::new(FILE);
    let arguments = [&["simulate", "w.kdl", "--summary", "summary.json"], options].concat();
    let ended = scratch.throng_with(&arguments, &[&[("SHOP_TOKEN", "geheim")], variables].concat());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let summary = scratch.summary();
    let count = summary["steps"]["x"]["count"].as_u64();
    let found = (summary["seed"].as_u64(), summary["params"]["n"].as_str(), count);
    assert_eq!(found, (Some(expected.0), Some(expected.1), Some(expected.2)), "{options:?} {variables:?}");
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let environment = [("THRONG_SEED", "2"), ("THRONG_PARAM_N", "3")];
    check(&[], &[], (1, "2", 2));
    check(&[], &environment, (2, "3", 3));
    check(&["--seed", "4", "--set", "n=5"], &environment, (4, "5", 5));
    check(&["--set", "seed=6"], &[], (6, "2", 2));
}

#[test]
fn a_secret_is_used_and_seen_nowhere() {
    let scratch = Scratch::new(FILE);
    let run = |options: &[&str], variables: &[(&str, &str)]| {
        let arguments =
            [&["simulate", "w.kdl", "--summary", "summary.json", "--events", "events.jsonl"], options];
        scratch.throng_with(&arguments.concat(), variables)
    };
    let ended = run(&[], &[]);
    assert_eq!(ended.code, Some(104));
    assert!(ended.stderr.contains("T0186") && ended.stderr.contains("SHOP_TOKEN"), "{}", ended.stderr);
    for (options, variables) in [
        (&["--env", "SHOP_TOKEN=geheim"][..], &[("SHOP_TOKEN", "other")][..]),
        (&[], &[("SHOP_TOKEN", "geheim")]),
    ] {
        let ended = run(options, variables);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        assert_eq!(scratch.summary()["params"]["token"], "***");
        let length = u64::try_from("Bearer geheim".len()).ok();
        assert_eq!(scratch.summary()["steps"]["y"]["count"].as_u64(), length, "it was used");
        let files = ["summary.json", "events.jsonl", "samples.jsonl"].map(|name| scratch.read(name));
        for text in files.iter().chain([&ended.stdout, &ended.stderr]) {
            assert!(!text.contains("geheim"), "{text}");
        }
    }
}

#[test]
fn what_is_no_pair_is_wrong_usage_and_a_secret_all_the_same() {
    let scratch = Scratch::new(FILE);
    for (option, said) in [("--set", "`--set geheim` needs"), ("--env", "`--env` needs")] {
        let ended = scratch.throng(&["check", "w.kdl", option, "geheim"]);
        assert_eq!(ended.code, Some(2), "{option}");
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
    }
}
