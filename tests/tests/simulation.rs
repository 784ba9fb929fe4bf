//! Workloads drawn from seeds, run whole under the virtual clock, and looked at by every checker.
//!
//! `THRONG_SIMULATION_SEEDS=5000` runs more of them, `THRONG_SIMULATION_SEED=17` one.

use throng::App;
use throng_tests::simulation::{
    Case, Observed, Plan, checks, comparable, fingerprint, for_each_seed, run, run_with,
};

/// A number from the environment.
fn setting(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is no number")))
}

fn seeds(most: u64) -> std::ops::Range<u64> {
    match setting("THRONG_SIMULATION_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..most,
    }
}

/// What is wrong with a seed's run; nothing when all is well. A panic is a fault like others.
fn faults(seed: u64) -> Vec<String> {
    let caught = std::panic::catch_unwind(|| look(seed));
    caught.unwrap_or_else(|_| vec!["it panicked, as told above".to_owned()])
}

fn look(seed: u64) -> Vec<String> {
    let plan = Plan::draw(seed);
    let first = match run(&plan) {
        Ok(first) => first,
        Err(error) => return vec![error.to_string()],
    };
    let mut faults = Vec::new();
    // One seed in four shows as well as all whether anything hangs on chance, in less time.
    if seed.is_multiple_of(4) {
        match run(&plan) {
            Err(error) => faults.push(error.to_string()),
            Ok(second) if second.log != first.log => faults.push("two runs, two event logs".to_owned()),
            Ok(second) if comparable(&second.summary) != comparable(&first.summary) => {
                faults.push("two runs, two summaries".to_owned());
            }
            Ok(_) => {}
        }
    }
    let case = Case { plan, observed: first };
    let found =
        checks::ALL.iter().filter_map(|(name, check)| Some(format!("{name}: {}", check(&case).err()?)));
    faults.extend(found);
    faults
}

#[test]
fn every_law_of_the_model_holds_for_every_seed() {
    let told = for_each_seed(seeds(setting("THRONG_SIMULATION_SEEDS").unwrap_or(200)), |seed| {
        let faults = faults(seed);
        (!faults.is_empty()).then(|| {
            let plan = Plan::draw(seed);
            let duration = plan.duration.map(|millis| format!(" --duration {millis}ms")).unwrap_or_default();
            format!("seed {seed}{duration}:\n{plan}{}\n", faults.join("\n"))
        })
    });
    let wrong: Vec<String> = told.into_iter().flatten().collect();
    let shown = wrong.iter().take(3).cloned().collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} seeds:\n{shown}", wrong.len());
}

/// A plan small enough to be run at ticks of 0.1 ms in a moment.
fn is_small(plan: &Plan) -> bool {
    plan.scenarios.iter().all(|scenario| scenario.shape().peak() < 300)
}

/// A summary in which tokens cancelled by a stop were never planned: how far ahead the plan had come depends on the tick.
fn without_look_ahead(observed: &Observed) -> serde_json::Value {
    let mut summary = observed.summary.clone();
    for tokens in summary.scenarios.0.iter_mut().filter_map(|(_, scenario)| scenario.tokens.as_mut()) {
        tokens.planned -= std::mem::take(&mut tokens.cancelled);
    }
    comparable(&summary)
}

#[test]
fn the_tick_changes_nothing() {
    let plans = seeds(2_000).map(Plan::draw).filter(is_small).take(40);
    for mut plan in plans {
        let mut logs = Vec::new();
        for tick in [100, 370, 1_000, 10_000] {
            plan.tick = tick;
            let observed = run(&plan).unwrap_or_else(|error| panic!("{error}\n{plan}"));
            logs.push((tick, observed));
        }
        for (tick, observed) in &logs[1..] {
            let differs = observed.log != logs[0].1.log;
            assert!(!differs, "seed {}: the log differs at {tick} us\n{plan}", plan.seed);
            let (summary, first) = (without_look_ahead(observed), without_look_ahead(&logs[0].1));
            assert_eq!(summary, first, "seed {} at {tick} us\n{plan}", plan.seed);
        }
    }
}

#[test]
fn systems_whose_order_is_free_may_run_in_any() {
    for plan in seeds(2_000).map(Plan::draw).filter(is_small).take(25) {
        let first = run(&plan).unwrap_or_else(|error| panic!("{error}\n{plan}"));
        for shuffled in 1..=4 {
            let app = App::new().shuffle_systems(shuffled);
            let other = run_with(&app, &plan).unwrap_or_else(|error| panic!("{error}\n{plan}"));
            assert!(
                other.log == first.log,
                "seed {}, shuffled by {shuffled}: another log\n{plan}",
                plan.seed
            );
            assert_eq!(comparable(&other.summary), comparable(&first.summary), "seed {}", plan.seed);
        }
    }
}

/// Texts of which every part takes part: both models, both laws of arrivals, all laws of time, failures, a stop.
const PINNED: [&str; 2] = [
    "throng 1\nseed 42\ntarget shop \"http://127.0.0.1:1\"\ntarget nothing noop\n\
     service shop { servers 2; queue fifo limit=20; time exponential mean=\"9ms\"; fails ratio=\"3%\" }\n\
     behavior browse {\n\
         http GET \"/\" name=home; think erlang k=3 mean=\"20ms\"\n\
         choose { branch weight=2 { http GET \"/a\" name=a }; branch { noop name=idle } }\n\
     }\n\
     behavior work { think uniform \"5ms\" \"80ms\"; repeat 2 { http GET \"/b\" name=b } }\n\
     scenario crowd {\n\
         behavior browse\n\
         arrivals poisson { ramp from=\"0/s\" to=\"90/s\" over=\"3s\"; hold \"90/s\" for=\"3s\" }\n\
         users max=20\n\
         overflow queue limit=10 timeout=\"150ms\"\n\
     }\n\
     scenario steady { behavior browse; arrivals even { hold \"15.2/s\" for=\"5s\" } }\n\
     scenario crew {\n\
         behavior work; pace \"200ms\"\n\
         population { ramp from=0 to=9 over=\"4s\"; hold 9 for=\"3s\" }\n\
     }\n",
    "throng 1\nseed 7\ntarget shop \"http://127.0.0.1:1\"\n\
     service shop { time uniform \"1ms\" \"30ms\"; fails ratio=\"12%\" }\n\
     behavior work { set n \"${random(0, 3)}\"; repeat \"${n}\" { http GET \"/${n}\" name=b }; think exponential mean=\"40ms\" }\n\
     scenario crew on-failure=stop {\n\
         behavior work; drain \"20ms\"\n\
         population { ramp from=8 to=2 over=\"2s\"; ramp from=4 to=9 over=\"2s\" }\n\
     }\n\
     stop-when { failures above=30 }\n",
];

#[test]
fn event_logs_are_the_same_on_every_build() {
    // Pinned: debug and release builds, and all machines, have to come to the same bytes.
    let found = PINNED.map(|text| fingerprint(&run(text).expect("it runs").log));
    assert_eq!(found, [0x1700_1022_a750_9c1e, 0xb9b2_f82d_99dd_977b], "{found:#x?}");
}

#[test]
fn the_order_of_systems_is_never_ambiguous() {
    use throng::systems::plugins::Registry;
    use throng::systems::schedules;
    let registry = Registry::default();
    for mut schedule in [schedules::tick(&registry), schedules::judgement(&registry)] {
        schedules::refuse_ambiguity(&mut schedule);
        let mut world = bevy_ecs::world::World::new();
        if let Err(error) = schedule.initialize(&mut world) {
            panic!("{}", error.to_string(schedule.graph(), &world));
        }
    }
}
