//! The workloads of `workloads/profiles` in virtual time: each comes to what its first lines promise, to the token.

use std::collections::BTreeSet;
use std::path::PathBuf;

use throng::exit_code::ExitCode;
use throng_tests::simulation::{Observed, Record, run};

const MS: u64 = 1_000_000;

/// What a profile comes to.
#[derive(Debug, PartialEq)]
struct Figures<'a> {
    exit: ExitCode,
    stopped_by: Option<&'a str>,
    /// Iterations that succeeded and failed; none is ever cut.
    iterations: [u64; 2],
    /// Tokens dropped, and waiting at the end.
    left: [u64; 2],
    /// Users made, and how many of them were under way at one time.
    users: [u64; 2],
    /// The longest response time.
    slowest: u64,
    duration: u64,
}

/// A profile that passes, with nothing failed or left over.
const WELL: Figures<'_> = Figures {
    exit: ExitCode::Passed,
    stopped_by: None,
    iterations: [0, 0],
    left: [0, 0],
    users: [0, 0],
    slowest: 0,
    duration: 0,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../workloads/profiles")
}

fn iterations(observed: &Observed) -> Vec<&Record> {
    observed.summary.scenarios.iter().flat_map(|(name, _)| observed.iterations(name)).collect()
}

/// How many iterations were under way at the fullest instant; one that ends makes room for one that begins then.
fn under_way(iterations: &[&Record]) -> u64 {
    let begun = iterations.iter().map(|record| (record.started, 1));
    let mut changes: Vec<(u64, i64)> =
        begun.chain(iterations.iter().map(|record| (record.ended, -1))).collect();
    changes.sort_unstable();
    let levels = changes.iter().scan(0, |level, (_, change)| {
        *level += change;
        Some(*level)
    });
    levels.max().unwrap_or_default().cast_unsigned()
}

/// Simulates a profile with these pieces of its text replaced, and looks at what it comes to.
fn check(profile: &str, edits: &[(&str, &str)], expected: &Figures<'_>) -> Observed {
    let path = folder().join(format!("{profile}.kdl"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{profile}: {error}"));
    let text = edits.iter().fold(text, |text, (old, new)| {
        assert!(text.contains(old), "{profile} has changed: no {old}");
        text.replace(old, new)
    });
    let observed = run(text.as_str()).expect("it runs");
    let summary = &observed.summary;
    assert_eq!(summary.scenarios.iter().count(), 1, "{profile}");
    let (_, scenario) = summary.scenarios.iter().next().expect("there is one");
    let tokens = scenario.tokens.unwrap_or_default();
    let counted = &scenario.iterations;
    let found = Figures {
        exit: ExitCode::of(summary),
        stopped_by: summary.stopped_by.as_deref(),
        iterations: [counted.succeeded, counted.failed],
        left: [tokens.dropped, tokens.waiting],
        users: [scenario.users.created, under_way(&iterations(&observed))],
        slowest: observed.steps().map(|step| step.ended - step.due).max().unwrap_or_default(),
        duration: summary.duration_ns,
    };
    assert_eq!(found, *expected, "{profile}, {edits:?}");
    assert_eq!((counted.cut, counted.crashed, tokens.expired), (0, 0, 0), "{profile}");
    observed
}

/// Stretches of time, one behind the other, hold so many iterations that were due in them.
fn check_stretches(observed: &Observed, stretches: &[(u64, usize)]) {
    let due: Vec<u64> = iterations(observed).iter().map(|record| record.due).collect();
    let mut from = 0;
    for (length, expected) in stretches {
        let end = from + length * MS;
        let found = due.iter().filter(|due| (from..end).contains(due)).count();
        assert_eq!(found, *expected, "from {from} to {end} ns");
        from = end;
    }
}

#[test]
fn one_user_at_five_a_second() {
    let expected =
        Figures { iterations: [50, 0], users: [1, 1], slowest: 20 * MS, duration: 10_000 * MS, ..WELL };
    let observed = check("one-user", &[], &expected);
    let due: Vec<u64> = iterations(&observed).iter().map(|record| record.due).collect();
    let asked: Vec<u64> = (0..50).map(|number| (100 + 200 * number) * MS).collect();
    assert_eq!(due, asked);
}

#[test]
fn five_hundred_users_flat_out() {
    // 500 begin at once; of the hundred that end each 10 ms 199 times another hundred begins within the two seconds.
    let expected = Figures {
        iterations: [20_400, 0],
        users: [500, 500],
        slowest: 50 * MS,
        duration: 2_040 * MS,
        ..WELL
    };
    let observed = check("flat-out", &[], &expected);
    let ends: BTreeSet<u64> = iterations(&observed).iter().map(|record| record.ended).collect();
    assert_eq!(
        ends.into_iter().collect::<Vec<_>>(),
        (1..=204).map(|tens| tens * 10 * MS).collect::<Vec<_>>()
    );
}

#[test]
fn four_hundred_a_second_by_ten_users() {
    // Every 2.5 ms one comes and stays for 20.
    let carried =
        Figures { iterations: [2_000, 0], users: [10, 8], slowest: 20 * MS, duration: 5_018_750_000, ..WELL };
    check("few-users", &[], &carried);
    // At 50 ms ten users carry 200/s: of 2,000 tokens half wait at the end, and are all started in the drain.
    let late = Figures { users: [10, 10], slowest: 5_025 * MS, duration: 10_023_750_000, ..carried };
    check("few-users", &[("constant \"20ms\"", "constant \"50ms\"")], &late);
}

#[test]
fn four_hundred_a_second_by_five_hundred_users() {
    let expected = Figures {
        iterations: [2_000, 0],
        users: [500, 400],
        slowest: 1_000 * MS,
        duration: 5_998_750_000,
        ..WELL
    };
    check("many-users", &[], &expected);
}

#[test]
fn four_hundred_a_second_by_twenty_to_a_thousand_users() {
    // Sixteen are under way when the service stands still, and 800 come until it goes on.
    let grown = Figures {
        iterations: [2_400, 0],
        users: [816, 816],
        slowest: 2_040 * MS,
        duration: 6_038_750_000,
        ..WELL
    };
    check("elastic-users", &[], &grown);
    // In three seconds 1,200 come, and there are users for 984 of them.
    let full = Figures {
        exit: ExitCode::Failed,
        iterations: [2_184, 0],
        left: [216, 0],
        users: [1_000, 1_000],
        slowest: 3_040 * MS,
        ..grown
    };
    check("elastic-users", &[("for=\"2s\"", "for=\"3s\"")], &full);
}

#[test]
fn a_skyline_ends_at_its_last_iteration() {
    // 9,750 in nine steps; the last one's 250th is due 249.5 / 1,500 s into it, and takes 10 ms.
    let expected = Figures {
        iterations: [10_000, 0],
        users: [50, 50],
        slowest: 10 * MS,
        duration: 4_500 * MS + 166_333_333 + 10 * MS,
        ..WELL
    };
    let observed = check("skyline", &[], &expected);
    let steps = [500, 1_500, 250, 2_000, 1_000, 2_500, 125, 1_750, 125, 250];
    check_stretches(&observed, &steps.map(|count| (500, count)));
    // Without a cap the last step is played to its end.
    let whole = Figures { iterations: [10_500, 0], duration: 5_009_666_666, ..expected };
    check("skyline", &[("    iterations 10000\n", "")], &whole);
}

#[test]
fn six_phases_come_to_their_areas() {
    let expected =
        Figures { iterations: [1_250, 0], users: [71, 71], slowest: 210 * MS, duration: 11_000 * MS, ..WELL };
    let observed = check("six-phases", &[], &expected);
    let phases = [(2_000, 100), (2_000, 200), (1_000, 400), (2_000, 100), (2_000, 250), (2_000, 200)];
    check_stretches(&observed, &phases);
}

#[test]
fn bursts_are_answered_late_and_whole() {
    let expected =
        Figures { iterations: [680, 0], users: [105, 105], slowest: 205 * MS, duration: 4_600 * MS, ..WELL };
    let observed = check("bursts", &[], &expected);
    let calm = (1_000, 20);
    let burst = (200, 200);
    check_stretches(&observed, &[calm, burst, calm, burst, calm, burst, calm]);
}

#[test]
fn one_ends_passed_and_one_failed() {
    let passed = Figures {
        stopped_by: Some("stop-when elapsed \"2s\" outcome=passed"),
        iterations: [200, 0],
        users: [1, 1],
        slowest: 10 * MS,
        duration: 2_005 * MS,
        ..WELL
    };
    check("ends-passed", &[], &passed);
    let failing = "stop-when failures above=\"20%\" window=\"1s\" min-count=50 outcome=failed";
    let broken = ("constant \"10ms\"\n", "constant \"10ms\"\n    outage from=\"1s\" for=\"1m\"\n");
    let all_failed = Figures {
        exit: ExitCode::Failed,
        stopped_by: Some(failing),
        iterations: [99, 101],
        duration: 2_000 * MS,
        ..passed
    };
    check("ends-passed", &[broken], &all_failed);
    let failed = Figures {
        exit: ExitCode::Failed,
        stopped_by: Some("stop-when failures above=\"10%\" window=\"1s\" min-count=50 outcome=failed"),
        iterations: [70, 30],
        duration: 1_005 * MS,
        ..passed
    };
    check("ends-failed", &[], &failed);
}

#[test]
fn it_falls_behind_above_what_its_users_carry() {
    let rate = |asked| check_backlog(&[("1500/s", asked)]);
    assert_eq!(rate("1500/s"), (ExitCode::Passed, 0));
    assert_eq!(rate("2000/s"), (ExitCode::Passed, 0), "twenty users of 10 ms each");
    // Not a thousand in five seconds, but more than one in a hundred.
    assert_eq!(rate("2100/s"), (ExitCode::Failed, 500));
    assert_eq!(check_backlog(&[("1500/s", "2100/s"), ("users 20", "users 21")]), (ExitCode::Passed, 0));
    let expected = Figures {
        exit: ExitCode::Failed,
        stopped_by: Some("stop-when backlog above=1000 outcome=failed"),
        iterations: [4_020, 0],
        left: [0, 1_001],
        users: [20, 20],
        slowest: 410 * MS,
        duration: 2_017_800_000,
    };
    check("falls-behind", &[("1500/s", "2500/s")], &expected);
}

/// Whether it falls behind, and how many tokens wait at the end.
fn check_backlog(edits: &[(&str, &str)]) -> (ExitCode, u64) {
    let text = std::fs::read_to_string(folder().join("falls-behind.kdl")).expect("it is there");
    let text = edits.iter().fold(text, |text, (old, new)| text.replace(old, new));
    let summary = run(text.as_str()).expect("it runs").summary;
    let tokens = summary.scenarios.get("crowd").and_then(|crowd| crowd.tokens).expect("open");
    (ExitCode::of(&summary), tokens.waiting)
}
