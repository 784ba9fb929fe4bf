//! Whole iterations, told in words.

use std::sync::Arc;

use throng_components::sample::{SampleKind, StepId};
use throng_components::target::TargetId;

use super::*;
use crate::behavior::{DriverAction, EvaluationError, Group, Perform, RequestTemplate, Retry};
use crate::plugins::laws::Law;
use crate::plugins::protocols::{CompletionEnd, NoopRequest, Operation, Rendered};

const STEP: Nanos = Nanos::from_millis(10);

/// Always 10 ms.
#[derive(Debug)]
struct Constant;

impl Law for Constant {
    fn draw(&self, draws: &mut Draws) -> Nanos {
        draws.next();
        STEP
    }

    fn mean(&self) -> f64 {
        1e7
    }
}

#[derive(Debug)]
struct Ask;

impl RequestTemplate for Ask {
    fn render(&self, _: &mut Frame<'_>) -> Result<Rendered<'_>, EvaluationError> {
        Ok(NoopRequest.into())
    }
}

fn think() -> Instruction {
    Instruction::Think(Arc::new(Constant))
}

fn ask(number: u16, stop_on_failure: bool) -> Instruction {
    let plain = Perform::plain(StepId(number), TargetId(0), Box::new(Ask), Nanos::SECOND);
    Instruction::Perform(Box::new(Perform { stop_on_failure, ..plain }))
}

/// What is to come.
enum Pending {
    Answer(Operation, Nanos),
    Timer(u8),
}

fn surroundings(now: Nanos) -> Surroundings {
    Surroundings {
        now,
        slot: 0,
        user: UserId(1),
        iteration: 1,
        key: 1,
        warm_up: false,
        stop_on_failure: false,
    }
}

/// Plays an iteration due at 5 ms whose user is ready at 7 ms; every answer takes 10 ms times its step's number and has the
/// next status; without a status left the user is cut. Gives what the user wanted, in words and milliseconds.
fn play(program: &Program, statuses: &[u16]) -> Vec<String> {
    let (mut strand, mut progress, mut parts) = (Strand::default(), Progress::default(), None);
    let (mut emitter, mut actions, mut wishes) = (Emitter::default(), Vec::new(), Vec::new());
    let mut told = Vec::new();
    let (mut variables, mut session) = (vec![Value::Unset; 16], None);
    let mut statuses = statuses.iter();
    let mut pending: Vec<(Nanos, Pending)> = Vec::new();
    let mut now = Nanos::from_millis(7);
    let mut next: Option<Pending> = None;
    loop {
        // Who has no more to say is cut.
        let completion = match &next {
            Some(Pending::Answer(operation, begun)) => Some(answer(operation, *begun, now, statuses.next())),
            _ => None,
        };
        let event = match (&completion, &next) {
            (Some(completion), _) => Event::Completed(completion),
            (None, Some(Pending::Timer(strand))) => Event::TimerFired { strand: *strand },
            (None, _) => Event::Started { due: Nanos::from_millis(5), ready: now },
        };
        let mut machine = Machine {
            program,
            surroundings: surroundings(now),
            strand: &mut strand,
            number: 0,
            progress: &mut progress,
            parts: &mut parts,
            variables: &mut variables,
            session: &mut session,
            phases: None,
            emitter: &mut emitter,
            driver: &mut actions,
            wishes: &mut wishes,
            upshot: Upshot::default(),
        };
        machine.handle(event);
        let Upshot { waits_until, finished, .. } = machine.upshot;
        told.extend(std::mem::take(&mut emitter.samples).iter().map(of_sample));
        for action in actions.drain(..) {
            told.push(of_action(&action));
            match action {
                DriverAction::Perform(operation) => {
                    let length = STEP.0 * u64::from(operation.step.0);
                    pending.push((now + Nanos(length), Pending::Answer(operation, now)));
                }
                DriverAction::Cancel(id) => {
                    let is_it = |(_, pending): &(Nanos, Pending)| matches!(pending, Pending::Answer(operation, _) if operation.id == id);
                    let place = pending.iter().position(is_it).expect("it is under way");
                    pending[place].0 = now;
                    statuses = [].iter();
                }
                DriverAction::Leave(_) => unreachable!("a shard's users leave"),
            }
        }
        for wish in wishes.drain(..) {
            told.push(of_wish(wish));
            if let Wish::WaitInPart { strand, until } = wish {
                pending.push((until, Pending::Timer(strand)));
            }
        }
        if let Some(until) = waits_until {
            told.push(of_wait(0, until));
            pending.push((until, Pending::Timer(0)));
        }
        if let Some(outcome) = finished {
            told.push(format!("{outcome:?}"));
            return told;
        }
        let (at, event) = take_first(&mut pending);
        // A timer of a strand that has ended is stale.
        now = at.max(now);
        next = Some(event);
    }
}

/// The earliest; of equals the one that was begun first.
fn take_first(pending: &mut Vec<(Nanos, Pending)>) -> (Nanos, Pending) {
    let first = pending.iter().enumerate().min_by_key(|(place, (at, _))| (*at, *place));
    let place = first.map(|(place, _)| place).expect("something is under way");
    pending.remove(place)
}

fn check(instructions: Vec<Instruction>, statuses: &[u16], expected: &[&str]) {
    let program = Program { instructions, ..Program::default() };
    assert_eq!(play(&program, statuses), expected);
}

fn answer(operation: &Operation, started: Nanos, ended: Nanos, status: Option<&u16>) -> Completion {
    Completion {
        // Without a status left the user is cut.
        end: if status.is_some() { CompletionEnd::Done } else { CompletionEnd::Cut },
        unblocked: started,
        ended,
        status: status.copied().unwrap_or(0),
        modelled: true,
        ..Completion::empty(operation.id, started)
    }
}

fn millis(at: Nanos) -> u64 {
    at.0 / 1_000_000
}

fn within(strand: u8) -> String {
    if strand == 0 { String::new() } else { format!(" in {strand}") }
}

fn of_sample(sample: &Sample) -> String {
    let (due, ready, ended) = (millis(sample.due), millis(sample.ready), millis(sample.ended));
    let what = match sample.kind {
        SampleKind::Group => "group",
        SampleKind::Retried => "try of step",
        _ => "step",
    };
    format!("{what} {} due {due} ready {ready} ended {ended}", sample.step.0)
}

fn of_action(action: &DriverAction) -> String {
    match action {
        DriverAction::Perform(operation) => {
            let strand = within(operation.id.strand);
            format!("perform {} at {}{strand}", operation.step.0, millis(operation.ready))
        }
        DriverAction::Cancel(id) => format!("cancel{}", within(id.strand)),
        DriverAction::Leave(slot) => format!("leave {slot}"),
    }
}

fn of_wait(strand: u8, until: Nanos) -> String {
    format!("wait until {}{}", millis(until), within(strand))
}

fn of_wish(wish: Wish) -> String {
    match wish {
        Wish::WaitInPart { strand, until } => of_wait(strand, until),
        Wish::Leave => "leave".to_owned(),
        Wish::StopScenario => "stop the scenario".to_owned(),
        Wish::Lap => "lap".to_owned(),
        Wish::DropCookies(count) => format!("drop {count}"),
    }
}

#[test]
fn nothing_to_do_is_done() {
    check(Vec::new(), &[], &["Succeeded"]);
}

#[test]
fn the_first_step_is_due_with_its_iteration_and_later_ones_with_the_end_before() {
    check(
        vec![ask(1, false), think(), ask(2, false)],
        &[200, 200],
        &[
            "perform 1 at 7",
            "step 1 due 5 ready 7 ended 17",
            "wait until 27",
            "perform 2 at 27",
            "step 2 due 27 ready 27 ended 47",
            "Succeeded",
        ],
    );
    // A wait before the first step moves its due time, and keeps how long the user was not free.
    check(
        vec![think(), ask(1, false)],
        &[200],
        &["wait until 17", "perform 1 at 17", "step 1 due 15 ready 17 ended 27", "Succeeded"],
    );
}

#[test]
fn a_failure_fails_the_iteration_and_stops_it_where_declared() {
    let goes_on = [
        "perform 1 at 7",
        "step 1 due 5 ready 7 ended 17",
        "perform 2 at 17",
        "step 2 due 17 ready 17 ended 37",
        "Failed",
    ];
    check(vec![ask(1, false), ask(2, false)], &[500, 200], &goes_on);
    check(vec![ask(1, true), ask(2, false)], &[404, 200], &[goes_on[0], goes_on[1], "Failed"]);
}

#[test]
fn a_cut_ends_it() {
    check(vec![ask(1, false)], &[], &["perform 1 at 7", "step 1 due 5 ready 7 ended 17", "Cut"]);
}

#[test]
fn a_way_is_chosen_by_weight() {
    let branches = vec![(0, 1), (5, 3)];
    let way = vec![Instruction::Choose { branches }, ask(1, false), Instruction::Jump(4), ask(2, false)];
    check(way, &[200], &["perform 2 at 7", "step 2 due 5 ready 7 ended 27", "Succeeded"]);
}

#[test]
fn a_long_stretch_lets_others_go_on() {
    let long = (1..=BUDGET + 1).map(Instruction::Jump).collect();
    check(long, &[], &["lap", "wait until 7", "Succeeded"]);
}

#[test]
fn a_failed_try_is_followed_by_another_until_there_were_enough() {
    let retry = Retry {
        times: 2,
        backoff: STEP,
        factor: 2.0,
        most: Nanos::SECOND,
        jitter: 0.0,
        on: Vec::new(),
        slot: 3,
    };
    let again = |statuses: &[u16], expected: &[&str]| {
        let mut step = ask(1, false);
        if let Instruction::Perform(perform) = &mut step {
            perform.retry = Some(retry.clone());
        }
        check(vec![step, ask(2, false)], statuses, expected);
    };
    let first =
        ["perform 1 at 7", "wait until 27", "try of step 1 due 5 ready 7 ended 17", "perform 1 at 27"];
    let second = "step 1 due 5 ready 27 ended 37";
    let behind = ["perform 2 at 37", "step 2 due 37 ready 37 ended 57"];
    again(&[503, 200, 200], &[&first[..], &[second], &behind, &["Succeeded"]].concat());
    let third = [
        "wait until 57",
        "try of step 1 due 5 ready 27 ended 37",
        "perform 1 at 57",
        "step 1 due 5 ready 57 ended 67",
    ];
    let behind = ["perform 2 at 67", "step 2 due 67 ready 67 ended 87"];
    again(&[503, 500, 404, 200], &[&first[..], &third, &behind, &["Failed"]].concat());
}

/// Two strands and what follows them: step 1, and 3 with a wait before it.
fn beside(first: Vec<Instruction>, second: Vec<Instruction>) -> Vec<Instruction> {
    let (one, two) = (1, 2 + u32::try_from(first.len()).unwrap_or(0));
    let after = two + 1 + u32::try_from(second.len()).unwrap_or(0);
    let mut all = vec![Instruction::Parallel { first: vec![one, two], after }];
    all.extend(first);
    all.push(Instruction::Join);
    all.extend(second);
    all.extend([Instruction::Join, ask(2, false)]);
    all
}

#[test]
fn strands_run_at_one_time_and_are_joined() {
    check(
        beside(vec![ask(1, false)], vec![think(), ask(3, false)]),
        &[200, 200, 200],
        &[
            "perform 1 at 7 in 1",
            "wait until 17 in 2",
            "step 1 due 5 ready 7 ended 17",
            "perform 3 at 17 in 2",
            "step 3 due 15 ready 17 ended 47",
            "perform 2 at 47",
            "step 2 due 47 ready 47 ended 67",
            "Succeeded",
        ],
    );
    check(
        beside(Vec::new(), vec![Instruction::Jump(3)]),
        &[200],
        &["perform 2 at 7", "step 2 due 5 ready 7 ended 27", "Succeeded"],
    );
}

#[test]
fn a_strand_that_ends_the_iteration_ends_the_others() {
    check(
        beside(vec![ask(1, true)], vec![ask(3, false)]),
        &[500],
        &[
            "perform 1 at 7 in 1",
            "perform 3 at 7 in 2",
            "step 1 due 5 ready 7 ended 17",
            "cancel in 2",
            "step 3 due 5 ready 7 ended 17",
            "Failed",
        ],
    );
    check(
        beside(vec![think()], vec![Instruction::Stop(Stopped::User)]),
        &[],
        &["wait until 17 in 1", "leave", "Succeeded"],
    );
    check(
        beside(vec![think()], vec![Instruction::Stop(Stopped::Scenario)]),
        &[],
        &["wait until 17 in 1", "stop the scenario", "Succeeded"],
    );
}

#[test]
fn a_cut_ends_all_strands() {
    check(
        beside(vec![ask(1, false)], vec![ask(3, false)]),
        &[],
        &[
            "perform 1 at 7 in 1",
            "perform 3 at 7 in 2",
            "step 1 due 5 ready 7 ended 17",
            "cancel in 2",
            "step 3 due 5 ready 7 ended 17",
            "Cut",
        ],
    );
}

#[test]
fn a_group_lasts_from_its_first_steps_due_to_its_last_ones_end() {
    let group = Group { id: StepId(0), slot: 1, parent: None };
    let mut step = ask(1, false);
    if let Instruction::Perform(perform) = &mut step {
        perform.groups = vec![1];
    }
    let instructions =
        vec![Instruction::Enter(group), think(), step, think(), Instruction::Leave(group), ask(2, false)];
    let program = Program { instructions, groups: vec![group], ..Program::default() };
    let expected = [
        "wait until 17",
        "perform 1 at 17",
        "step 1 due 15 ready 17 ended 27",
        "wait until 37",
        "group 0 due 15 ready 17 ended 27",
        "perform 2 at 37",
        "step 2 due 37 ready 37 ended 57",
        "Succeeded",
    ];
    assert_eq!(play(&program, &[200, 200]), expected);
    // Cut within: it ends with its iteration. A group without a step has nothing to tell.
    let expected = [
        "wait until 17",
        "perform 1 at 17",
        "step 1 due 15 ready 17 ended 27",
        "group 0 due 15 ready 17 ended 27",
        "Cut",
    ];
    assert_eq!(play(&program, &[]), expected);
    let instructions = vec![Instruction::Enter(group), Instruction::Leave(group)];
    assert_eq!(
        play(&Program { instructions, groups: vec![group], ..Program::default() }, &[]),
        ["Succeeded"]
    );
}
