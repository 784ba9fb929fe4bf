//! A run that is steered while it goes on: what is asked for afterwards is exact, and all of it is in the books.

use std::collections::VecDeque;

use bevy_ecs::prelude::*;
use throng::App;
use throng::components::clock::RunClock;
use throng::components::control::{Command, Factor};
use throng::components::phase::Phase;
use throng::components::run::Outcome;
use throng::components::scenario::ScenarioId;
use throng::summary::conservation;
use throng::systems::live_control::LiveControl;
use throng_tests::simulation::{Dice, Observed, Plan, Run, for_each_seed, run, run_with};

/// Commands by the tick at which they are given.
#[derive(Resource, Clone, Default)]
struct Script(VecDeque<(u64, Command)>);

/// Gives what is due. Commands are taken in within the same tick and hold from the next one on.
fn follow(clock: Res<'_, RunClock>, mut script: ResMut<'_, Script>, mut control: ResMut<'_, LiveControl>) {
    while let Some((_, command)) = script.0.pop_front_if(|(tick, _)| *tick <= clock.number) {
        control.give(command);
    }
}

fn scale(scenario: u16, percent: u32) -> Command {
    let factor = Factor::thousandths(percent * 10).expect("a factor in bounds");
    Command::Scale { scenario: ScenarioId(scenario), factor }
}

/// Runs a workload with commands that hold from these milliseconds on (whole ticks of 10 ms).
fn steered(text: impl Into<Run>, commands: &[(u64, Command)]) -> Observed {
    let script = commands.iter().map(|(millis, command)| (millis / 10 - 1, *command)).collect();
    let app = App::new().insert_resource(Script(script)).add_system(Phase::Collect, follow);
    let observed = run_with(&app, text).expect("it runs");
    assert_eq!(conservation(&observed.summary), Vec::<String>::new());
    observed
}

/// An open scenario of ten a second for ten seconds, each iteration 5 ms long.
fn open(law: &str) -> String {
    format!(
        "throng 1\nseed 3\ntarget shop \"http://127.0.0.1:1\"\nservice shop {{ servers 9; time constant \"5ms\" }}\n\
         behavior visit {{ http GET \"/\" name=home }}\n\
         scenario crowd {{ behavior visit; arrivals {law} {{ hold \"10/s\" for=\"10s\" }} }}\n"
    )
}

/// When iterations were due, in nanoseconds.
fn dues(observed: &Observed) -> Vec<u64> {
    let mut dues: Vec<u64> = observed.iterations("crowd").map(|iteration| iteration.due).collect();
    dues.sort_unstable();
    dues
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn a_pause_shifts_the_rest_of_the_plan() {
    for law in ["even", "poisson"] {
        let plain = run(open(law).as_str()).expect("it runs");
        let paused = steered(open(law).as_str(), &[(4_000, Command::Pause), (7_000, Command::Resume)]);
        let shifted = |due: u64| if due < 4 * SECOND { due } else { due + 3 * SECOND };
        assert_eq!(dues(&paused), dues(&plain).into_iter().map(shifted).collect::<Vec<_>>(), "{law}");
        let tokens = |observed: &Observed| observed.scenario("crowd").tokens.expect("it is open");
        assert_eq!(tokens(&paused), tokens(&plain), "{law}");
        assert!(paused.summary.duration_ns >= 13 * SECOND, "{law}: {}", paused.summary.duration_ns);
        let said: Vec<_> = paused.summary.controls.iter().map(|one| (one.at_ns, one.what.as_str())).collect();
        assert_eq!(said, [(4 * SECOND, "pause"), (7 * SECOND, "resume")]);
        assert_eq!(plain.summary.controls, []);
    }
}

/// Scales of the one open scenario by millisecond and per cent; `expected` is the area, `planned` follows from it.
fn check_scales(scales: &[(u64, u32)], expected: f64) {
    let commands: Vec<_> = scales.iter().map(|(millis, percent)| (*millis, scale(0, *percent))).collect();
    let observed = steered(open("even").as_str(), &commands);
    let tokens = observed.scenario("crowd").tokens.expect("it is open");
    assert!((tokens.expected - expected).abs() < 1e-9, "{scales:?}: {}", tokens.expected);
    assert!((tokens.planned as f64 - (expected - 0.5).ceil()).abs() < 0.1, "{scales:?}: {}", tokens.planned);
    assert_eq!(tokens.started, tokens.planned, "{scales:?}");
    let times = scales.iter().map(|(millis, _)| millis * 1_000_000).collect::<Vec<_>>();
    assert_eq!(observed.summary.controls.iter().map(|one| one.at_ns).collect::<Vec<_>>(), times);
}

#[test]
fn what_is_expected_is_the_area_under_the_curve_as_it_was_asked() {
    check_scales(&[], 100.0);
    check_scales(&[(4_000, 150)], 130.0);
    check_scales(&[(4_000, 0)], 40.0);
    check_scales(&[(4_000, 0), (6_000, 100)], 80.0);
    check_scales(&[(2_500, 50), (5_000, 10_000)], 25.0 + 12.5 + 5_000.0);
    check_scales(&[(10, 110)], 0.1 + 109.89);
    // What is handed out stays, and the law goes on from there: nothing jumps between two arrivals.
    let observed = steered(open("even").as_str(), &[(4_000, scale(0, 50))]);
    let around: Vec<u64> = dues(&observed)[38..43].iter().map(|due| due / 1_000_000).collect();
    assert_eq!(around, [3_850, 3_950, 4_100, 4_300, 4_500]);
}

#[test]
fn a_poisson_plan_is_the_same_up_to_the_scale() {
    let plain = dues(&run(open("poisson").as_str()).expect("it runs"));
    let scaled = dues(&steered(open("poisson").as_str(), &[(5_000, scale(0, 200))]));
    // In the area under the curve, the arrivals are those of the seed: twice as close from the scale on.
    let expected = |due: u64| if due < 5 * SECOND { due } else { 5 * SECOND + (due - 5 * SECOND) / 2 };
    assert!(scaled.len() > plain.len());
    for (at, due) in plain.into_iter().zip(&scaled) {
        assert!(expected(at).abs_diff(*due) <= 1, "{at} became {due}");
    }
}

/// A closed scenario of four users for ten seconds, each iteration 300 ms long.
const CLOSED: &str = "throng 1\nseed 3\ntarget shop \"http://127.0.0.1:1\"\n\
     service shop { servers 9; time constant \"300ms\" }\n\
     behavior visit { http GET \"/\" name=home }\n\
     scenario crew { behavior visit; population { hold 4 for=\"10s\" } }\n";

/// Starts of closed iterations within seconds, half-open.
fn starts(observed: &Observed, from: u64, to: u64) -> usize {
    let within = |started: u64| (from * SECOND..to * SECOND).contains(&started);
    observed.iterations("crew").filter(|iteration| within(iteration.started)).count()
}

#[test]
fn closed_users_begin_nothing_in_a_pause_and_all_at_its_end() {
    let observed = steered(CLOSED, &[(4_000, Command::Pause), (7_000, Command::Resume)]);
    assert_eq!(starts(&observed, 4, 7), 0);
    let at_resumption = observed.iterations("crew").filter(|iteration| iteration.started == 7 * SECOND);
    let waits: Vec<u64> = at_resumption.map(|iteration| iteration.started - iteration.due).collect();
    // Held back by the plan, not late: they are due when it plays on.
    assert_eq!(waits, [0; 4]);
    assert!(starts(&observed, 12, 13) > 0, "the shape plays for three seconds more");
    assert_eq!(starts(&observed, 13, 99), 0);
    assert_eq!(observed.scenario("crew").users.created, 4);
}

#[test]
fn closed_users_come_and_leave_with_a_scale() {
    let commands = [(4_000, scale(0, 200)), (6_000, scale(0, 50)), (8_000, scale(0, 100))];
    let observed = steered(CLOSED, &commands);
    let users = observed.scenario("crew").users;
    assert_eq!((users.peak, users.created), (8, 8 + 2));
    let in_flight = |at: u64| {
        let runs = |from: u64, to: u64| from <= at * SECOND + 1 && at * SECOND < to;
        observed.iterations("crew").filter(|iteration| runs(iteration.started, iteration.ended)).count()
    };
    assert_eq!([3, 5, 7, 9].map(in_flight), [4, 8, 2, 4]);
}

#[test]
fn a_stop_is_an_interrupt_and_the_second_one_cuts() {
    let once = steered(CLOSED, &[(4_000, Command::Stop)]);
    assert_eq!(once.summary.outcome, Outcome::Interrupted);
    assert_eq!(once.summary.stopped_by.as_deref(), Some("interrupt"));
    assert_eq!(once.scenario("crew").iterations.cut, 0);
    assert_eq!(once.summary.controls.len(), 1);
    let twice = steered(CLOSED, &[(4_000, Command::Stop), (4_010, Command::Stop), (4_020, Command::Stop)]);
    assert_eq!(twice.scenario("crew").iterations.cut, 4);
    assert_eq!(twice.summary.controls.len(), 2, "a third one has nothing left to do");
}

#[test]
fn what_changes_nothing_is_not_recorded() {
    let commands = [
        (1_000, Command::Resume),
        (1_000, scale(0, 100)),
        (1_000, scale(7, 200)),
        (2_000, Command::Pause),
        (2_000, Command::Pause),
        (2_000, Command::Resume),
        (20_000, scale(0, 200)),
    ];
    let observed = steered(open("even").as_str(), &commands);
    let said: Vec<_> = observed.summary.controls.iter().map(|one| one.what.as_str()).collect();
    assert_eq!(said, ["pause", "resume"]);
    assert_eq!(dues(&observed), dues(&run(open("even").as_str()).expect("it runs")));
}

/// Commands drawn from a seed: up to twelve, over the first seconds.
fn script(seed: u64, scenarios: usize) -> Vec<(u64, Command)> {
    let mut dice = Dice::new(seed ^ 0x7374_6565);
    let mut at = 10;
    let commands = (0..dice.between(1, 12)).map(|_| {
        at += 10 * dice.between(0, 90);
        let scenario = u16::try_from(dice.between(1, scenarios as u64) - 1).unwrap_or(0);
        let percent = u32::try_from(dice.between(0, 30) * 10).unwrap_or(100);
        (at, dice.pick(&[Command::Pause, Command::Resume, Command::Resume, scale(scenario, percent)]))
    });
    let mut commands: Vec<_> = commands.collect();
    // A pause without an end would be one.
    commands.push((at + 10, Command::Resume));
    commands
}

#[test]
fn whatever_is_asked_the_books_add_up_and_all_of_it_repeats() {
    for_each_seed(0..24, |seed| {
        let plan = Plan::draw(seed);
        let commands = script(seed, plan.scenarios.len());
        let first = steered(&plan, &commands);
        if seed % 4 == 0 {
            let second = steered(&plan, &commands);
            assert!(first.log == second.log, "seed {seed}: two logs\n{plan}\n{commands:?}");
            assert_eq!(first.summary.controls, second.summary.controls, "seed {seed}");
        }
    });
}
