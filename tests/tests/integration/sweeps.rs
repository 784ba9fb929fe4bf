//! `throng sweep`: what it finds, what it leaves behind, and how it goes on after an interruption.

use std::collections::BTreeSet;

use nix::sys::signal::Signal;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use throng_tests::support::wait_until;

use crate::scratch::Scratch;

/// One exponential server that serves 100 a second.
const SERVER: &str = "throng 1\nseed 7\nparam rate \"50/s\"\nparam servers 1\ntarget shop \"http://127.0.0.1:1\"\n\
    service shop { servers \"${servers}\"; time exponential mean=\"10ms\" }\n\
    behavior visit { http GET \"/\" name=ask }\n";
const ALL: [&str; 4] = ["results.csv", "results.parquet", "summary.csv", "plot.svg"];

fn open(length: &str, sweep: &str) -> Scratch {
    Scratch::new(format!(
        "{SERVER}scenario crowd {{\nbehavior visit\narrivals poisson {{ hold \"${{rate}}\" for=\"{length}\" }}\n\
         users max=100000\nwarm-up \"1s\"\n}}\n{sweep}\n"
    ))
}

/// Sweeps into a directory and expects that exit code; gives what it printed, results and problems.
fn sweep(scratch: &Scratch, out: &str, more: &[&str], code: i32) -> (String, String) {
    let arguments = [&["sweep", "w.kdl", "--out", out], more].concat();
    let ended = scratch.throng(&arguments);
    assert_eq!(ended.code, Some(code), "{}\n{}", ended.stdout, ended.stderr);
    (ended.stdout, ended.stderr)
}

fn assert_same(scratch: &Scratch, one: &str, other: &str) {
    for name in ALL {
        let read = |out: &str| std::fs::read(scratch.path(&format!("{out}/{name}"))).expect("it is there");
        assert!(read(one) == read(other), "{name} of {one} and {other} differ");
    }
}

/// The fields of the rows of `summary.csv` that are of this measure; none of them needs quotes.
fn estimates(scratch: &Scratch, out: &str, measure: &str) -> Vec<Vec<String>> {
    let text = scratch.read(&format!("{out}/summary.csv"));
    let rows = text.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.filter(|row| row.iter().any(|field| field == measure)).collect()
}

fn number(row: &[String], place: usize) -> f64 {
    row[place].parse().unwrap_or_else(|_| panic!("{place} of {row:?}"))
}

#[test]
fn one_server_is_as_theory_says_and_pairs_are_surer() {
    let scratch = open("2m", "sweep { vary rate \"50/s\" \"80/s\"; replications 8 }");
    let (told, problems) = sweep(&scratch, "out", &[], 0);
    assert!(told.contains("w.kdl: 2 points, 8 replications each, seed 7\n"), "{told}");
    assert!(told.contains("\nstep ask, response_ns.p99\n"), "{told}");
    assert_eq!(problems, "");
    // point, rate, scope, name, measure, unit, n, mean, half-width, difference, half-width, n
    let rows = estimates(&scratch, "out", "response_ns.mean");
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0][..7], ["1", "50/s", "step", "ask", "response_ns.mean", "ns", "8"]);
    // Student's t for 7 degrees of freedom: 99.9 % over 95 %.
    let wider = 5.408 / 2.364_624;
    for (row, exact) in rows.iter().zip([20e6, 50e6]) {
        let (mean, half) = (number(row, 7), number(row, 8) * wider);
        assert!((mean - exact).abs() <= half, "{mean} ± {half}, by theory {exact}");
        assert!(half <= 0.3 * exact, "± {half} says nothing about {exact}");
    }
    let (first, second) = (&rows[0], &rows[1]);
    assert_eq!(first[9..], ["", "", ""]);
    assert_eq!(second[11], "8");
    assert!((number(second, 9) - (number(second, 7) - number(first, 7))).abs() < 1.0);
    let unpaired = number(first, 8).hypot(number(second, 8));
    assert!(number(second, 10) < 0.9 * unpaired, "{} of {unpaired}: no pairs", second[10]);
}

#[test]
fn results_depend_on_neither_threads_nor_order() {
    let sweep_node = "sweep { vary rate \"40/s\" \"80/s\"; vary servers 1 2 3; replications 3 }";
    let scratch = open("5s", sweep_node);
    sweep(&scratch, "one", &["--jobs", "1", "--quiet"], 0);
    let (told, problems) = sweep(&scratch, "eight", &["--jobs", "8", "--quiet"], 0);
    assert_eq!((told.as_str(), problems.as_str()), ("", ""));
    assert_same(&scratch, "one", "eight");
    let text = scratch.read("one/results.csv");
    let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let points: BTreeSet<_> = rows.iter().map(|row| row[..3].to_vec()).collect();
    let expected = [
        ["1", "40/s", "1"],
        ["2", "40/s", "2"],
        ["3", "40/s", "3"],
        ["4", "80/s", "1"],
        ["5", "80/s", "2"],
        ["6", "80/s", "3"],
    ];
    assert_eq!(points, expected.iter().map(|point| point.to_vec()).collect());
    // Common random numbers: a replication has one seed at all points, and another one than the others have.
    let seeds: BTreeSet<_> = rows.iter().map(|row| (row[3], row[4])).collect();
    assert_eq!(seeds.len(), 3, "{seeds:?}");
    assert_eq!(seeds.iter().map(|(_, seed)| seed).collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_run_of_a_sweep_can_be_simulated_alone() {
    let scratch = open("5s", "sweep { vary rate \"40/s\" \"80/s\"; replications 2 }");
    sweep(&scratch, "out", &["--quiet"], 0);
    let text = scratch.read("out/results.csv");
    let find = |measure: &str| {
        let row = text
            .lines()
            .find(|line| line.starts_with("2,80/s,2,") && line.contains(&format!(",step,ask,{measure},")));
        row.expect("a row").split(',').map(str::to_owned).collect::<Vec<_>>()
    };
    let (mean, count) = (find("response_ns.mean"), find("count"));
    let alone = ["simulate", "w.kdl", "--set", "rate=80/s", "--seed", &mean[3], "--summary", "summary.json"];
    assert_eq!(scratch.throng(&alone).code, Some(0));
    let step = &scratch.summary()["steps"]["ask"];
    assert_eq!(step["response_ns"]["mean"].to_string(), mean[7]);
    assert_eq!(step["count"].to_string(), count[7]);
}

#[test]
fn the_columns_hold_what_the_rows_hold() {
    let scratch = open("3s", "sweep { vary rate \"40/s\" \"80/s\"; vary servers 1 2; replications 2 }");
    sweep(&scratch, "out", &["--quiet"], 0);
    let file = std::fs::File::open(scratch.path("out/results.parquet")).expect("it is there");
    let reader = SerializedFileReader::new(file).expect("it is a table");
    let text = scratch.read("out/results.csv");
    let (head, lines) = text.split_once('\n').expect("rows");
    let mut rows = 0;
    for (row, line) in reader.get_row_iter(None).expect("rows").zip(lines.lines()) {
        let row = row.expect("a row");
        let names: Vec<&str> = row.get_column_iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.join(","), head);
        let shown = row.get_column_iter().map(|(_, field)| match field {
            Field::Long(number) => number.to_string(),
            Field::Double(number) => number.to_string(),
            Field::Str(text) if text.contains('"') => format!("\"{}\"", text.replace('"', "\"\"")),
            Field::Str(text) => text.clone(),
            other => panic!("{other:?}"),
        });
        assert_eq!(shown.collect::<Vec<_>>().join(","), line);
        rows += 1;
    }
    assert_eq!(rows, lines.lines().count());
    assert!(rows > 400, "{rows}");
}

#[test]
fn what_is_missing_is_simulated_and_nothing_else() {
    let scratch = open("3s", "sweep { vary rate \"40/s\" \"80/s\"; replications 4 }");
    sweep(&scratch, "whole", &["--quiet"], 0);
    let journal = scratch.read("whole/runs.jsonl");
    let lines: Vec<&str> = journal.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 9);
    // Torn within the heading, within a run, at a line's end; and all of it.
    for (number, kept) in [10, lines[0].len(), journal.len() - 40, journal.len()].into_iter().enumerate() {
        let out = format!("part-{number}");
        std::fs::create_dir(scratch.path(&out)).expect("a directory can be made");
        std::fs::write(scratch.path(&format!("{out}/runs.jsonl")), &journal[..kept]).expect("it is written");
        sweep(&scratch, &out, &["--resume", "--quiet"], 0);
        assert_same(&scratch, "whole", &out);
        let again = scratch.read(&format!("{out}/runs.jsonl"));
        let sorted = |text: &str| text.lines().map(str::to_owned).collect::<BTreeSet<_>>();
        assert_eq!(sorted(&again), sorted(&journal));
    }
    // More replications of what is there already.
    sweep(&scratch, "whole", &["--resume", "--quiet", "--replications", "6"], 0);
    sweep(&scratch, "six", &["--quiet", "--replications", "6"], 0);
    assert_same(&scratch, "whole", "six");
}

/// Starts a sweep that takes minutes, and signals it when some runs are done.
fn interrupt(scratch: &Scratch, signal: Signal) -> Option<i32> {
    let mut process =
        scratch.start(&["sweep", "w.kdl", "--out", "out", "--jobs", "1", "--replications", "50000"]);
    let done = || std::fs::read_to_string(scratch.path("out/runs.jsonl")).unwrap_or_default().lines().count();
    assert!(wait_until(|| done() > 4 || process.has_ended()), "no run comes to its end");
    process.signal(signal);
    let ended = process.wait().expect("it ends");
    assert!(done() < 50_000, "it ended by itself");
    if signal == Signal::SIGINT {
        assert!(ended.stdout.contains("of 50000 runs are done; `--resume` goes on"), "{}", ended.stdout);
        assert!(ended.stderr.contains("ends after the runs that are under way"), "{}", ended.stderr);
        assert!(scratch.read("out/results.csv").lines().count() > 100);
    }
    ended.code
}

#[test]
fn a_sweep_that_was_ended_goes_on_as_if_it_had_not_been() {
    for (signal, code) in [(Signal::SIGINT, Some(105)), (Signal::SIGKILL, None)] {
        let scratch = open("3s", "");
        assert_eq!(interrupt(&scratch, signal), code);
        // What was begun with is simulated in part only; so few are done sooner than all.
        sweep(&scratch, "out", &["--resume", "--quiet", "--replications", "3"], 0);
        sweep(&scratch, "straight", &["--quiet", "--replications", "3"], 0);
        assert_same(&scratch, "out", "straight");
    }
}

#[test]
fn a_second_interrupt_cuts_what_is_under_way() {
    let scratch = Scratch::new(format!(
        "{SERVER}param length \"1s\"\nscenario crowd {{ behavior visit\n\
         arrivals poisson {{ hold \"${{rate}}\" for=\"${{length}}\" }} }}\n\
         sweep {{ vary length \"1s\" \"1000w\"; replications 1 }}\n"
    ));
    let mut process = scratch.start(&["sweep", "w.kdl", "--out", "out", "--jobs", "1"]);
    let lines =
        || std::fs::read_to_string(scratch.path("out/runs.jsonl")).unwrap_or_default().lines().count();
    assert!(wait_until(|| lines() == 2 || process.has_ended()), "the first run does not end");
    // Two interrupts at once may be seen as one, so they go on coming.
    let ended = wait_until(|| {
        process.signal(Signal::SIGINT);
        process.has_ended()
    });
    assert!(ended, "interrupts do not end it");
    let ended = process.wait().expect("it ends");
    assert_eq!(ended.code, Some(105), "{}", ended.stderr);
    assert!(ended.stdout.contains("1 of 2 runs are done"), "{}", ended.stdout);
    assert_eq!(lines(), 2, "a run that was cut is no result");
}

#[test]
fn what_belongs_to_another_sweep_is_left_alone() {
    let scratch = open("2s", "sweep { vary rate \"40/s\" \"80/s\"; replications 2 }");
    sweep(&scratch, "out", &["--quiet"], 0);
    let before = scratch.read("out/runs.jsonl");
    let check = |more: &[&str], code: i32, said: &str| {
        let (_, problems) = sweep(&scratch, "out", more, code);
        assert!(problems.contains(said), "{more:?}: {problems}");
        assert_eq!(scratch.read("out/runs.jsonl"), before, "{more:?}");
    };
    check(&[], 106, "`out` holds a sweep: go on with it by `--resume`");
    check(&["--resume", "--seed", "8"], 104, "has the base seed 7, and not 8");
    check(
        &["--resume", "--vary", "rate=40/s,90/s"],
        104,
        "varies `rate=40/s,80/s`, and not `rate=40/s,90/s`",
    );
    check(&["--resume", "--set", "servers=2"], 104, "has other parameters");
    let text = scratch.read("w.kdl");
    std::fs::write(scratch.path("w.kdl"), format!("{text}// changed\n")).expect("it can be written");
    check(&["--resume"], 104, "is of another workload");
    std::fs::remove_file(scratch.path("out/runs.jsonl")).expect("it is there");
    let (_, problems) = sweep(&scratch, "out", &["--resume"], 106);
    assert!(problems.contains("holds a `results.csv` that would be overwritten"), "{problems}");
}

#[test]
fn a_mistake_at_any_point_is_told_before_anything_is_simulated() {
    let scratch = open("2s", "sweep { vary rate \"40/s\" \"80/s\"; replications 2 }");
    let check = |more: &[&str], code: i32, said: &[&str]| {
        let (_, problems) = sweep(&scratch, "out", more, code);
        assert!(said.iter().all(|part| problems.contains(part)), "{more:?}: {problems}");
        assert!(!scratch.path("out").exists(), "{more:?}");
    };
    check(&["--vary", "servers=1,0"], 104, &["T0026", "with rate=40/s servers=0\n"]);
    check(&["--vary", "servers=1,few"], 104, &["T0265", "[--vary:1:11]"]);
    check(&["--vary", "server=1"], 104, &["T0041", "did you mean `servers`?"]);
    check(&["--vary", "servers=1,1"], 104, &["T0266"]);
    check(&["--replications", "0"], 104, &["T0026", "[--replications:1:1]"]);
    check(&["--replications", "60000"], 104, &["T0267", "the sweep has 120000 runs, of at most 100000"]);
    check(&["--vary", "rate="], 2, &["NAME=VALUE,VALUE"]);
    check(&["--set", "rate=1/s"], 2, &["`rate` is varied"]);
    let alone = Scratch::new(
        "throng 1\ntarget t \"http://127.0.0.1:1\"\nbehavior b { http GET \"/\" name=x }\n\
         scenario s { behavior b; population { hold 1 for=\"1s\" } }\n",
    );
    let (_, problems) = sweep(&alone, "out", &[], 104);
    assert!(problems.contains("nothing answers for `t` in virtual time"), "{problems}");
}

#[test]
fn a_run_that_comes_to_no_end_ends_the_sweep_and_what_is_done_stays() {
    let scratch = Scratch::new(
        "throng 1\nseed 7\nparam wait \"10ms\"\ntarget t noop\nbehavior b { noop name=x; think constant \"${wait}\" }\n\
         scenario s { behavior b; population { hold 1 for=\"1s\" } }\n\
         sweep { vary wait \"10ms\" \"0s\"; replications 2 }\n",
    );
    let (told, problems) = sweep(&scratch, "out", &["--jobs", "1"], 104);
    assert!(
        problems.contains("simulated time stands still") && problems.ends_with("with wait=0s\n"),
        "{problems}"
    );
    assert!(told.contains("2 of 4 runs are done"), "{told}");
    assert_eq!(estimates(&scratch, "out", "failures").len(), 1);
    assert_eq!(scratch.read("out/runs.jsonl").lines().count(), 3);
}

#[test]
fn measures_are_chosen_and_runs_that_fail_are_counted() {
    let sweep_node = "sweep { vary rate \"40/s\" \"80/s\"; replications 2 }\n\
        require { response p=50 step=ask above=\"1h\" }\nlistener file \"samples.jsonl\"\n";
    let scratch = open("2s", sweep_node);
    let chosen = ["--measure", "scenario:users.peak", "--measure", "count"];
    let (told, _) = sweep(&scratch, "out", &chosen, 0);
    assert!(told.contains("4 of 4 runs failed: a requirement did not hold"), "{told}");
    assert!(!scratch.path("samples.jsonl").exists(), "listeners are left out");
    let text = scratch.read("out/summary.csv");
    let measures: Vec<String> = text
        .lines()
        .skip(1)
        .map(|line| line.split(',').skip(2).take(3).collect::<Vec<_>>().join(" "))
        .collect();
    let expected = ["scenario crowd users.peak", "step ask count"];
    assert_eq!(measures, [expected[0], expected[0], expected[1], expected[1]]);
    let plot = scratch.read("out/plot.svg");
    assert!(plot.contains(">scenario crowd, users.peak<") && plot.contains(">rate (1/s)<"), "{plot}");
    let (_, problems) = sweep(&scratch, "out", &["--resume", "--measure", "response_ns.p98"], 2);
    assert!(problems.contains("no run has a measure `response_ns.p98`; nearest: "), "{problems}");
}
