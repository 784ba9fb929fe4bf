//! Values from outside and in between: parameters, `--set`, the environment, and files that include files.

use std::path::Path;

use throng::loader::{
    Environment, Loaded, Overrides, Refused, Registry, Severity, Style, load, load_file, render,
};
use throng_tests::simulation::run;

const LOAD: &str = "behavior buyer { http GET \"/\" name=home }\n\
    scenario crowd { behavior buyer; arrivals even { hold \"10/s\" for=\"1m\" }; users min=5 }\n";

fn overrides(sets: &[&str]) -> Overrides {
    let pair = |text: &&str| text.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    Overrides { sets: sets.iter().filter_map(pair).collect(), ..Overrides::default() }
}

fn load_with(text: &str, overrides: &Overrides) -> Result<Loaded, Refused> {
    load(Path::new("w.kdl"), format!("throng 1\n{text}").as_bytes(), &Registry::default(), overrides)
}

fn loaded(text: &str, sets: &[&str]) -> Loaded {
    load_with(text, &overrides(sets)).unwrap_or_else(|refused| panic!("{text}\n{}", shown(&refused)))
}

fn shown(refused: &Refused) -> String {
    render(&refused.problems, &refused.sources, Severity::Error, Style::PLAIN)
}

fn refused(text: &str, overrides: &Overrides) -> String {
    shown(&load_with(text, overrides).err().unwrap_or_else(|| panic!("it loads: {text}")))
}

#[test]
fn a_parameter_stands_for_its_value_everywhere() {
    let text = "param peak \"20/s\"\nparam n 4\nparam pause \"100ms\"\nparam half \"${peak / 2}\"\nparam host h\n\
        param share \"2%\"\n\
        target shop \"http://${host}:${8000 + n}/${host}\" { timeout \"${pause * 10}\"; connections shared limit=\"${n}\"\n\
            header accept \"${host}/*\" }\n\
        tick \"${pause / 10}\" look-ahead=\"${n - 1}\"\n\
        behavior buyer { http GET \"/${n}\" name=\"home-${n}\" timeout=\"${pause}\"; think constant \"${pause / 2}\"\n\
            choose { branch weight=\"${n}\" { http GET \"/\" name=other } } }\n\
        scenario crowd { behavior buyer; users max=\"${2 * n}\"; drain \"${pause}\"\n\
            arrivals even { ramp from=\"${half}\" to=\"${peak}\" over=\"${pause}\"; hold \"${peak}\" for=\"${n * 1s}\" } }\n\
        stop-when { failures above=\"${share * 2}\" min-count=\"${n}\" }\n\
        listener file \"$${x}-${n}.jsonl\"\n";
    let workload = loaded(text, &[]).workload;
    let target = &workload.targets[0];
    assert_eq!(format!("{:?}", target.address), "Url { host: \"h\", port: 8004, base: \"/h\" }");
    assert_eq!((target.timeout.0, target.headers[0].1.as_str()), (1_000_000_000, "h/*"));
    assert_eq!((workload.tick.0, workload.look_ahead), (10_000_000, 3));
    let scenario = &workload.scenarios[0];
    assert_eq!((scenario.scenario.bounds.max, scenario.scenario.drain.0), (8, 100_000_000));
    assert_eq!(scenario.scenario.length.0, 4_100_000_000);
    assert_eq!(workload.steps.all(), ["home-4", "other"]);
    let params: Vec<String> = workload.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(params, ["peak=20/s", "n=4", "pause=100ms", "half=10/s", "host=h", "share=2%"]);
}

#[test]
fn a_parameter_is_set_from_outside_and_what_follows_from_it_follows() {
    let text = format!(
        "param n 2\nparam twice \"${{n * 2}}\"\nthreads \"${{twice}}\"\ntarget t \"http://h\"\n{LOAD}"
    );
    let threads = |overrides: &Overrides| match load_with(&text, overrides) {
        Ok(loaded) => loaded.workload.threads,
        Err(refused) => panic!("{}", shown(&refused)),
    };
    assert_eq!(threads(&Overrides::default()), Some(4));
    assert_eq!(threads(&overrides(&["n=3", "n=5"])), Some(10));
    let environment = Environment::default().with("THRONG_PARAM_N", "7");
    assert_eq!(threads(&Overrides { environment: environment.clone(), ..Overrides::default() }), Some(14));
    assert_eq!(threads(&Overrides { environment, ..overrides(&["n=3"]) }), Some(6));
}

#[test]
fn values_are_set_by_path() {
    let text = format!(
        "target shop \"http://h\" {{ timeout \"1s\" }}\ntarget other \"http://o\"\n{}",
        LOAD.replace("name=home", "name=home target=shop")
    );
    let check = |set: &str, seen: fn(&Loaded) -> String, expected: &str| {
        assert_eq!(seen(&loaded(&text, &[set])), expected, "{set}");
    };
    let users = |loaded: &Loaded| format!("{:?}", loaded.workload.scenarios[0].scenario.bounds);
    check("crowd.users.min=7", users, "UserBounds { min: 7, max: 1000, on_demand: true }");
    check("min=7", users, "UserBounds { min: 7, max: 1000, on_demand: true }");
    check("scenario.crowd.users.max=70", users, "UserBounds { min: 5, max: 70, on_demand: true }");
    let timeouts = |loaded: &Loaded| {
        format!("{:?}", loaded.workload.targets.iter().map(|t| t.timeout.0).collect::<Vec<_>>())
    };
    check("shop.timeout=2s", timeouts, "[2000000000, 30000000000]");
    check("timeout=2s", timeouts, "[2000000000, 30000000000]");
    check("other.timeout=2s", timeouts, "[1000000000, 2000000000]");
    check("threads=3", |loaded| format!("{:?}", loaded.workload.threads), "Some(3)");
    check("tick=1ms", |loaded| format!("{:?}", loaded.workload.tick.0), "1000000");
    check("tick.look-ahead=9", |loaded| format!("{:?}", loaded.workload.look_ahead), "9");
    check(
        "crowd.warm-up=9s",
        |loaded| format!("{:?}", loaded.workload.scenarios[0].scenario.warm_up.0),
        "9000000000",
    );
}

#[test]
fn what_is_set_wrong_is_shown_in_the_option() {
    let text = format!(
        "param peak \"10/s\"\nthreads \"${{int(peak / 1/s)}}\"\ntarget t \"http://h\" {{ timeout \"1s\" }}\n{LOAD}"
    );
    let check = |sets: &[&str], expected: &[&str]| {
        let shown = refused(&text, &overrides(sets));
        for part in expected {
            assert!(shown.contains(part), "{sets:?} lacks `{part}`:\n{shown}");
        }
    };
    check(&["peak=300"], &["T0183", "--set:1:6", "should be a rate, as in `200/s`", "w.kdl:2:12"]);
    check(&["paek=300"], &["T0184", "did you mean `peak`?", "crowd.users.min"]);
    check(&["hold=5/s", "for=x"], &["T0025", "--set:1:5", "the value `x` of `for` is no quantity"]);
    check(&["threads=lots"], &["T0024", "--set:1:9"]);
    check(
        &["peak=100/s"],
        &["T0026", "number `100` is out of bounds", "`peak` is `100/s` here", "[--set:1:6]"],
    );
    let two = format!("target a \"http://h\" {{ timeout \"1s\" }}\n{text}");
    let shown = refused(&two, &overrides(&["timeout=2s"]));
    assert!(shown.contains("T0185") && shown.contains("a.timeout, t.timeout"), "{shown}");
}

#[test]
fn steps_are_told_apart_by_what_they_are_called_and_by_their_first_argument() {
    let text = "target t \"http://h\"\n\
        behavior visitor {\n\
            http GET \"/\" name=home { expect { status 200 } }\n\
            http POST \"/login\" name=login { expect { status 200 } }\n\
            http POST \"/out\" name=leave { expect { status 200 } }\n\
        }\n\
        scenario crowd { behavior visitor; population { hold 1 for=\"1s\" } }\n";
    // Each is refused as a value, in the place that was meant.
    let check = |path: &str, expected: &[&str]| {
        let shown = refused(text, &overrides(&[&format!("{path}=700")]));
        for part in expected {
            assert!(shown.contains(part), "{path} lacks `{part}`:\n{shown}");
        }
    };
    for path in [
        "visitor.login.expect.status",
        "login.expect.status",
        "POST.login.expect.status",
        "visitor.GET.expect.status",
    ] {
        check(path, &["[--set:1:", "700"]);
        let shown = refused(text, &overrides(&[&format!("{path}=700")]));
        assert!(!shown.contains("T0184") && !shown.contains("T0185"), "{path}:\n{shown}");
    }
    let all = ["visitor.home.expect.status", "visitor.login.expect.status", "visitor.leave.expect.status"];
    check("visitor.http.expect.status", &["T0185", "means 3 places", "name more of the path"]);
    check("visitor.http.expect.status", &all);
    check("visitor.POST.expect.status", &["T0185", "means 2 places", "visitor.login.expect.status"]);
}

#[test]
fn only_what_can_be_set_is_named_and_the_nearest_first() {
    let text = format!(
        "param peak \"10/s\"\ntarget shop \"http://h\" {{ timeout \"${{1/s / peak * 10s}}\" }}\n{LOAD}"
    );
    let shown = refused(&text, &overrides(&["crowd.user.min=5"]));
    assert!(
        shown.contains("did you mean `crowd.users.min`? what can be set, nearest first: crowd.users.min,"),
        "{shown}"
    );
    let line: String = shown
        .split("nearest first: ")
        .nth(1)
        .unwrap_or("")
        .split(". `throng")
        .next()
        .unwrap_or("")
        .to_owned();
    let named: Vec<String> =
        line.split(',').map(|name| name.split_whitespace().collect::<String>()).collect();
    assert!((3..=12).contains(&named.len()), "{named:?}");
    for (number, name) in named.iter().enumerate() {
        assert!(!named[..number].contains(name), "{name} stands twice: {named:?}");
        let set = overrides(&[&format!("{name}=1")]);
        let other = load_with(&text, &set).err().map(|refused| refused.problems).unwrap_or_default();
        let codes: Vec<&str> = other.iter().map(|problem| problem.code).collect();
        assert!(!codes.contains(&"T0184") && !codes.contains(&"T0185"), "{name}: {codes:?}");
    }
}

#[test]
fn a_parameter_whose_only_use_is_replaced_is_used() {
    let text = "param wait \"1s\"\ntarget shop \"http://h\" { timeout \"${wait}\" }\n";
    let warnings = |sets: &[&str]| loaded(&format!("{text}{LOAD}"), sets).warnings.len();
    assert_eq!(warnings(&["shop.timeout=2s"]), 0);
    assert_eq!(warnings(&[]), 0);
    let unused = "param wait \"1s\"\ntarget shop \"http://h\" { timeout \"1s\" }\n";
    assert_eq!(loaded(&format!("{unused}{LOAD}"), &["shop.timeout=2s"]).warnings[0].code, "T0182");
}

#[test]
fn a_variable_that_sets_no_parameter_is_warned_of() {
    let text = format!(
        "param peak \"10/s\"\ntarget shop \"http://h\" {{ timeout \"${{1/s / peak * 10s}}\" }}\n{LOAD}"
    );
    let check = |name: &str, expected: &[&str]| {
        let environment = Environment::default().with(name, "20/s");
        let loaded = load_with(&text, &Overrides { environment, ..Overrides::default() });
        let warnings = loaded.unwrap_or_else(|refused| panic!("{}", shown(&refused))).warnings;
        let codes: Vec<&str> = warnings.iter().map(|warning| warning.code).collect();
        assert_eq!(codes, expected, "{name}");
        warnings.first().and_then(|warning| warning.help.clone())
    };
    assert_eq!(check("THRONG_PARAM_PEAK", &[]), None);
    let help = check("THRONG_PARAM_PAEK", &["T0220"]);
    let expected = "did you mean `THRONG_PARAM_PEAK`? this workload's are: THRONG_PARAM_PEAK";
    assert_eq!(help.as_deref(), Some(expected));
    assert_eq!(check("PARAM_PAEK", &[]), None);
}

#[test]
fn what_comes_from_the_environment_is_seen_nowhere() {
    let environment =
        Environment::default().with("TOKEN", "geheim").with("COUNT", "-17").with("HOST", "intern");
    let overrides = Overrides { environment, ..Overrides::default() };
    let good = format!(
        "param token \"Bearer ${{env('TOKEN')}}\"\nparam none \"${{env('NONE', 'x')}}\"\n\
         target t \"http://${{env('HOST')}}\" {{ header authorization \"${{token}}\"; header x \"${{none}}\" }}\n{LOAD}"
    );
    let loaded = load_with(&good, &overrides).unwrap_or_else(|refused| panic!("{}", shown(&refused)));
    assert_eq!(loaded.workload.targets[0].headers[0].1, "Bearer geheim");
    assert_eq!(loaded.workload.params[0].1, "***");
    assert_eq!(loaded.workload.params[1].1, "x");
    assert_eq!(loaded.workload.step_headers[0].address, "***");
    assert_eq!(loaded.secrets.redact("at geheim: Bearer geheim"), "at ***: ***");
    let bad = format!(
        "threads \"${{env('TOKEN')}}\"\nparam n \"${{int(env('COUNT'))}}\"\nseed \"${{n}}\"\n\
         target t \"ftp://${{env('TOKEN')}}\"\n{}",
        LOAD.replace("min=5", "min=\"${upper(env('TOKEN'))}\"")
    );
    let shown = refused(&bad, &overrides);
    assert!(!shown.to_lowercase().contains("geheim") && !shown.contains("17"), "{shown}");
    assert!(shown.contains("***") && shown.contains("`n` is set here, to a secret"), "{shown}");
    assert!(!format!("{overrides:?}").contains("geheim"));
}

#[test]
fn a_missing_variable_is_a_mistake_without_a_default() {
    let text = format!("target t \"${{env('SHOP')}}\"\n{LOAD}");
    let shown = refused(&text, &Overrides::default());
    assert!(shown.contains("T0186") && shown.contains("w.kdl:2:17"), "{shown}");
    assert_eq!(shown.matches("workload::").count(), 1, "nothing else follows from it: {shown}");
    // A parameter that is set needs no variable; what stands in for a secret is one.
    let text = format!("param url \"${{env('SHOP')}}\"\ntarget t \"${{url}}\"\n{LOAD}");
    assert_eq!(loaded(&text, &["url=http://h"]).workload.params[0].1, "***");
    let shown = refused(&text, &Overrides::default());
    assert_eq!(shown.matches("workload::").count(), 1, "{shown}");
}

#[test]
fn behaviours_know_parameters_and_the_environment() {
    let text = "throng 1\nseed 1\nparam n 3\nparam pause \"250ms\"\ntarget t noop\nservice t { time constant \"10ms\" }\n\
        behavior b { repeat \"${n}\" { noop name=x; think constant \"${pause}\" }\n\
            set i \"${n * pause}\"; set j \"${i / pause}\"; repeat \"${int(j)}\" { noop name=y }\n\
            set k \"${env('NOBODY_HAS_THIS', 'dd')}\"; repeat \"${length(k)}\" { noop name=z } }\n\
        scenario s { behavior b; arrivals even { hold \"1/s\" for=\"1s\" } }\n";
    let summary = run(text).expect("it runs").summary;
    let count = |name: &str| summary.steps.get(name).map(|step| step.count);
    assert_eq!((count("x"), count("y"), count("z")), (Some(3), Some(3), Some(2)));
    assert_eq!(summary.params.get("pause").map(String::as_str), Some("250ms"));
}

/// Loads `a.kdl` of these files.
fn files(files: &[(&str, &str)]) -> Result<Loaded, Refused> {
    let directory = tempfile::tempdir().expect("a directory can be made");
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("it can be made");
        std::fs::write(path, format!("throng 1\n{text}\n")).expect("it can be written");
    }
    load_file(&directory.path().join("a.kdl"), &Registry::default(), &Overrides::default())
}

const BASE: &str = "param n 2\nseed 1\ntarget t noop\nbehavior b { noop name=x }\nthreads \"${n}\"\n\
    scenario s { behavior b; population { hold \"${n}\" for=\"1s\" } }\nlistener file \"base.jsonl\"\n\
    require { response p=99 below=\"1s\" }";

#[test]
fn the_including_file_wins() {
    let own = "include \"parts/base.kdl\"\nseed 9\nparam n 5\nlistener file \"own.jsonl\"\n\
        require { response p=50 below=\"1s\" }";
    let loaded = files(&[("a.kdl", own), ("parts/base.kdl", BASE)])
        .unwrap_or_else(|refused| panic!("{}", shown(&refused)));
    let workload = &loaded.workload;
    assert_eq!((workload.seed, workload.threads, workload.listeners.len()), (Some(9), Some(5), 1));
    assert_eq!(workload.rules.len(), 2, "rules stand beside each other");
    assert_eq!(loaded.sources.files().count(), 2);
}

#[test]
fn a_file_that_comes_by_two_ways_is_one() {
    let loaded = files(&[
        ("a.kdl", "include \"b.kdl\"\ninclude \"c.kdl\""),
        ("b.kdl", "include \"base.kdl\""),
        ("c.kdl", "include \"base.kdl\"\nlistener console"),
        ("base.kdl", BASE),
    ]);
    let workload = loaded.unwrap_or_else(|refused| panic!("{}", shown(&refused))).workload;
    assert_eq!((workload.rules.len(), workload.listeners.len()), (1, 2));
}

#[test]
fn twice_in_one_file_is_a_mistake_of_that_file() {
    let twice = format!("{BASE}\nseed 3\nlistener file \"twice.jsonl\"");
    let refused =
        files(&[("a.kdl", "include \"base.kdl\""), ("base.kdl", &twice)]).err().expect("it is refused");
    let codes: Vec<_> = refused.problems.iter().map(|problem| problem.code).collect();
    assert_eq!(codes, ["T0029", "T0040"], "{}", shown(&refused));
    assert!(shown(&refused).contains("base.kdl:10:1"), "{}", shown(&refused));
}

#[test]
fn whatever_stands_twice_is_refused_with_both_places() {
    let whole = "seed 1\ntick \"10ms\"\nthreads 1\ngenerator { late over=\"1ms\" }\nlistener file \"x\"\n\
        target t \"http://h\" { timeout \"1s\"; connections per-user; header a b }\n\
        behavior b { http GET \"/\" name=x { json { a 1 }; expect { status 200 }; save v json-path=\"$.v\" } }\n\
        service t { servers 1; queue fifo limit=1; time constant \"1s\"; fails ratio=\"1%\" }\n\
        scenario s { behavior b; arrivals even { hold \"1/s\" for=\"1s\" }; users max=1; overflow drop; \
        iterations 1; start delay=\"1s\"; warm-up \"0s\"; drain \"1s\" }\n\
        scenario c { behavior b; population { hold 1 for=\"1s\" }; pace \"1s\" }\n";
    let _ = loaded(whole, &[]);
    let nodes = [
        "seed 1",
        "tick \"10ms\"",
        "threads 1",
        "generator { late over=\"1ms\" }",
        "late over=\"1ms\"",
        "listener file \"x\"",
        "timeout \"1s\"",
        "connections per-user",
        "json { a 1 }",
        "expect { status 200 }",
        "status 200",
        "servers 1",
        "queue fifo limit=1",
        "time constant \"1s\"",
        "fails ratio=\"1%\"",
        "arrivals even { hold \"1/s\" for=\"1s\" }",
        "users max=1",
        "overflow drop",
        "iterations 1",
        "start delay=\"1s\"",
        "warm-up \"0s\"",
        "drain \"1s\"",
        "population { hold 1 for=\"1s\" }",
        "pace \"1s\"",
        "behavior b",
        "a 1",
    ];
    for node in nodes {
        let twice = whole.replacen(node, &format!("{node};{node}"), 1).replacen(
            "behavior b;behavior b {",
            "behavior b {",
            1,
        );
        let twice = if node == "behavior b" {
            whole.replacen("behavior b; arr", "behavior b; behavior b; arr", 1)
        } else {
            twice
        };
        let refused =
            load_with(&twice, &Overrides::default()).err().unwrap_or_else(|| panic!("{node} twice loads"));
        let problem = &refused.problems[0];
        assert!(["T0029", "T0040", "T0199"].contains(&problem.code), "{node}: {}", shown(&refused));
        assert!(problem.labels.len() > 1, "{node}: {}", shown(&refused));
    }
}
