//! Runs that are saved and go on elsewhere: both parts together are the run that was never saved.
//!
//! `THRONG_SIMULATION_SEEDS=5000` draws more of them, `THRONG_SIMULATION_SEED=17` one.

use bevy_ecs::component::Component;
use throng::components::clock::Nanos;
use throng::components::phase::Phase;
use throng::components::workload::{Fields, NodeSpec, Problems};
use throng::systems::plugins::exit_conditions::window::OUTCOME;
use throng::systems::plugins::exit_conditions::{Facts, Judgement, Rule, RuleNames, Scope};
use throng::{App, NotASavedRun, SavedRun};
use throng_tests::simulation::{
    Dice, FirstPart, Observed, Plan, Run, comparable, fingerprint, for_each_seed, resume, run, run_until,
};

fn seeds(most: u64) -> std::ops::Range<u64> {
    let setting = |name: &str| std::env::var(name).ok()?.parse().ok();
    match setting("THRONG_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..setting("THRONG_SIMULATION_SEEDS").unwrap_or(most),
    }
}

/// What is wrong when a run is saved at an instant and goes on from its file; nothing when all is well.
fn fault(run: &Run, whole: &Observed, at: Nanos) -> Option<String> {
    let app = App::new();
    let (saved, head) = match run_until(&app, run.clone(), at) {
        Err(error) => return Some(error.to_string()),
        Ok(FirstPart::Ended(first)) => {
            let same = first.log == whole.log && comparable(&first.summary) == comparable(&whole.summary);
            return (!same).then(|| format!("to be saved at {at} and over before, it is another run"));
        }
        Ok(FirstPart::Saved(saved, head)) => (saved, head),
    };
    let Some(tail) = whole.log.strip_prefix(&head[..]) else {
        return Some(format!("saved at {at}, its log is not the beginning of the whole one"));
    };
    // As another process would have it.
    let bytes = saved.to_bytes().expect("it has plain paths");
    let read = SavedRun::from_bytes(&bytes).expect("it is as it was written");
    match resume(&app, &read) {
        Err(error) => Some(format!("saved at {at}: {error}")),
        Ok((_, rest)) if rest != tail => Some(format!(
            "saved at {at}, its log goes on differently, by {} of {} bytes",
            rest.len(),
            tail.len()
        )),
        Ok((summary, _)) if comparable(&summary) != comparable(&whole.summary) => {
            Some(format!("saved at {at}, its summary is another one"))
        }
        Ok((summary, _)) if summary.generator.ticks != whole.summary.generator.ticks => {
            Some(format!("saved at {at}, it has other ticks"))
        }
        Ok(_) => None,
    }
}

/// A few instants within a run and one behind it: at random, at the instant of an event, at a tick.
fn instants(whole: &Observed, dice: &mut Dice) -> Vec<Nanos> {
    let end = whole.summary.duration_ns.max(1);
    let mut instants =
        vec![dice.between(1, end), dice.between(1, end) / 10_000_000 * 10_000_000 + 10_000_000];
    if let Some(last) = whole.events.len().checked_sub(1) {
        let place = usize::try_from(dice.between(0, last as u64)).unwrap_or(0);
        instants.push(whole.events[place].at().max(1));
    }
    instants.push(end + dice.between(0, 20_000_000_000));
    instants.into_iter().map(Nanos).collect()
}

fn faults(seed: u64) -> Vec<String> {
    let mut run_of = Run::from(&Plan::draw(seed));
    if seed.is_multiple_of(5) {
        run_of.until = Some(Nanos::from_millis(100 + seed * 71 % 4_000));
    }
    let Ok(whole) = run(run_of.clone()) else { return Vec::new() };
    let mut dice = Dice::new(seed ^ 0x5a7e);
    instants(&whole, &mut dice).into_iter().filter_map(|at| fault(&run_of, &whole, at)).collect()
}

#[test]
fn a_saved_run_goes_on_as_if_it_had_not_been_saved() {
    let told = for_each_seed(seeds(60), |seed| {
        let faults = faults(seed);
        (!faults.is_empty()).then(|| format!("seed {seed}:\n{}\n{}", Plan::draw(seed), faults.join("\n")))
    });
    let wrong: Vec<String> = told.into_iter().flatten().collect();
    let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} seeds:\n{shown}", wrong.len());
}

/// A run goes on from each of these instants as if it had not been saved.
fn check(text: &str, millis: &[u64]) {
    let run_of = Run::from(text);
    let whole = run(run_of.clone()).expect("it runs");
    for at in millis {
        let at = Nanos::from_millis(*at);
        assert!(at.0 < whole.summary.duration_ns, "it is over at {}", whole.summary.duration_ns);
        let fault = fault(&run_of, &whole, at);
        assert_eq!(fault, None, "{:x}\n{text}", fingerprint(&whole.log));
    }
}

#[test]
fn all_that_a_run_holds_is_saved() {
    for discipline in ["fifo", "lifo", "random", "priority", "processor-sharing"] {
        check(
            &format!(
                "throng 1\nseed 3\ntarget shop \"http://h\"\n\
                 service shop {{\n servers 2; queue {discipline}; time exponential mean=\"40ms\"\n\
                     calls stock factor=1.5 timeout=\"90ms\" retries=2 backoff=\"10ms\"\n\
                     outage from=\"1s\" for=\"200ms\"; stall from=\"2s\" for=\"300ms\"\n }}\n\
                 service stock {{ time gamma mean=\"25ms\" shape=2; queue {discipline} limit=5 }}\n\
                 behavior b {{\n group all {{ parallel {{\n branch {{ http GET \"/a\" name=a {{ retry 2 backoff=\"20ms\" jitter=\"50%\" }} }}\n\
                     branch {{ think uniform \"10ms\" \"90ms\"; set x \"${{random(1, 9)}}\"; http GET \"/${{x}}\" name=b }}\n }} }}\n }}\n\
                 scenario s {{\n behavior b; arrivals poisson {{ hold \"30/s\" for=\"4s\" }}\n\
                     users max=20; overflow queue limit=40 timeout=\"800ms\"\n }}\n\
                 scenario c {{ behavior b; population {{ ramp from=0 to=9 over=\"2s\"; hold 9 for=\"1s\" }}; pace \"150ms\"; iterations 120 }}\n\
                 stop-when {{ failures above=\"90%\" window=\"1s\" times=3; backlog above=39; response p=50 above=\"3s\" window=\"700ms\" }}\n\
                 require {{ rate at-least=\"1%\"; response p=99 below=\"9s\" }}\n"
            ),
            &[1, 700, 1_000, 1_100, 1_999, 2_050, 3_500, 4_200],
        );
    }
}

#[test]
fn planned_users_of_an_open_scenario_are_saved() {
    check(
        "throng 1\nseed 3\ntarget shop \"http://h\"\nservice shop { servers 3; time exponential mean=\"200ms\" }\n\
         behavior b { http GET \"/\" name=a }\n\
         scenario s {\n behavior b; arrivals poisson { hold \"12/s\" for=\"6s\" }\n\
             users { ramp from=0 to=9 over=\"2s\"; ramp from=9 to=1 over=\"2s\"; hold 4 }; overflow queue limit=30\n }\n\
         scenario c { behavior b; population { hold 9 for=\"6s\" }; pace uniform \"300ms\" \"900ms\"; start jitter=\"2s\" }\n",
        &[1, 1_000, 2_500, 3_900, 4_001, 5_000],
    );
}

/// A small run, saved, as the bytes of its file.
fn small() -> Vec<u8> {
    let text = "throng 1\nseed 3\ntarget shop \"http://h\"\nservice shop { time exponential mean=\"40ms\" }\n\
        behavior b { http GET \"/\" name=a }\n\
        scenario s { behavior b; arrivals poisson { hold \"30/s\" for=\"4s\" } }\n";
    let at = Nanos::from_secs(1);
    let Ok(FirstPart::Saved(saved, _)) = run_until(&App::new(), text, at) else { panic!("it is saved") };
    assert_eq!(saved.at(), at);
    saved.to_bytes().expect("it has plain paths")
}

#[test]
fn a_file_that_is_cut_off_or_changed_anywhere_is_refused() {
    let bytes = small();
    for length in 0..bytes.len() {
        let found = SavedRun::from_bytes(&bytes[..length]);
        let told = found.err().unwrap_or_else(|| panic!("{length} of {} bytes are taken", bytes.len()));
        assert!(matches!(told, NotASavedRun::Truncated { .. } | NotASavedRun::Foreign), "{length}: {told:?}");
    }
    // Each bit of the head, and bits of all that follows.
    let places = (0..76 * 8).chain((76 * 8..bytes.len() * 8).step_by(211));
    for place in places {
        let mut bytes = bytes.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        assert!(
            SavedRun::from_bytes(&bytes).is_err(),
            "bit {} of byte {} is not noticed",
            place % 8,
            place / 8
        );
    }
    assert!(SavedRun::from_bytes(&bytes).is_ok());
}

/// `stop-when { seldom }`: a rule that does not tell its state.
#[derive(Component)]
struct Seldom;

impl Rule for Seldom {
    const SPEC: NodeSpec =
        NodeSpec { name: "seldom", sample: "seldom", properties: &[OUTCOME], ..NodeSpec::EMPTY };

    fn read(mut fields: Fields<'_>, _: RuleNames<'_>) -> Result<Self, Problems> {
        fields.word("outcome");
        fields.finish(Some(Self))
    }

    fn unit(&self) -> &'static str {
        "steps"
    }

    fn scope(&self) -> Scope {
        Scope::default()
    }

    fn judge(&mut self, _: &Facts<'_>) -> Judgement {
        Judgement::default()
    }
}

#[test]
fn what_does_not_tell_its_state_is_not_saved() {
    fn look() {}
    let text = "throng 1\nseed 3\ntarget shop noop\nbehavior b { noop name=a }\n\
        scenario s { behavior b; arrivals even { hold \"30/s\" for=\"4s\" } }\n";
    let check = |app: App, rest: &str, expected: &str| {
        let refused = run_until(&app, format!("{text}{rest}").as_str(), Nanos::from_secs(1)).err();
        let told = refused.expect("it is refused").to_string();
        assert!(told.starts_with("this run cannot be saved: ") && told.contains(expected), "{told}");
    };
    check(App::new().register::<Seldom, _>(), "stop-when { seldom }\n", "`seldom` of the exit-conditions");
    check(App::new().add_system(Phase::Judge, look), "", "systems of its own");
    let recorded = "listener record \"../target/never.recording\"\n";
    check(App::new(), recorded, "the listener `record` writes of whole runs");
}
