//! Laws of arrivals in whole runs under the virtual clock: none knows of the tick, and each keeps its curve on average.

use throng::components::clock::Nanos;
use throng::loader::Registry;
use throng_tests::simulation::{Observed, Run, run};

/// What samples have in common.
const STAGE: &str = "hold \"200/s\" for=\"2m\"";

/// A run of 3 s of these arrivals.
fn simulate(seed: u64, tick: &str, arrivals: &str) -> Observed {
    let text = format!(
        "throng 1\nseed {seed}\ntick \"{tick}\"\ntarget shop \"http://127.0.0.1:1\"\n\
         service shop {{ servers 9; time exponential mean=\"20ms\" }}\n\
         behavior visit {{ http GET \"/\" name=home; think uniform \"1ms\" \"9ms\" }}\n\
         scenario crowd {{ behavior visit; {arrivals}; users max=90; overflow queue limit=50 timeout=\"90ms\" }}\n"
    );
    run(Run { text, duration: Some(Nanos::from_secs(3)), ..Run::default() })
        .unwrap_or_else(|error| panic!("{error}\n{arrivals}"))
}

/// Each law's sample, with a rate that rises, jumps and falls where it has one.
fn laws() -> Vec<String> {
    const STAGES: &str = "ramp from=\"0/s\" to=\"400/s\" over=\"900ms\"; hold \"0/s\" for=\"150ms\"; \
        hold \"333/s\" for=\"777ms\"; ramp from=\"200/s\" to=\"10/s\" over=\"2s\"";
    Registry::default().arrivals.specs().map(|spec| spec.sample.replace(STAGE, STAGES)).collect()
}

#[test]
fn no_law_knows_of_the_tick() {
    for law in laws() {
        let whole = simulate(7, "100us", &law);
        let started = whole.scenario("crowd").iterations.started;
        assert!(started > 0, "{law}: nothing began");
        for tick in ["370us", "1ms", "10ms", "370ms"] {
            assert!(simulate(7, tick, &law).log == whole.log, "{law}: another log at {tick}");
        }
    }
}

#[test]
fn each_law_keeps_the_area_on_average() {
    const SEEDS: u64 = 20;
    for law in laws() {
        // Gaps without a variance keep it so slowly that no small number of runs would show it, and a file knows no chance.
        if law.contains("pareto") || law.contains("trace") {
            continue;
        }
        let runs =
            (0..SEEDS).map(|seed| simulate(seed, "100ms", &law).scenario("crowd").tokens.expect("open"));
        let counts: Vec<(f64, f64)> =
            runs.map(|tokens| ((tokens.planned - tokens.cancelled) as f64, tokens.expected)).collect();
        let n = SEEDS as f64;
        let expected = counts[0].1;
        let mean = counts.iter().map(|(count, _)| count).sum::<f64>() / n;
        let variance = counts.iter().map(|(count, _)| (count - mean).powi(2)).sum::<f64>() / (n - 1.0);
        // Four standard errors, and the half token by which an even plan differs from its area.
        let most = 4.0 * (variance / n).sqrt() + 0.5;
        assert!((mean - expected).abs() <= most, "{law}: {mean} of {expected}, may differ by {most}");
    }
}

#[test]
fn a_trace_is_played_to_the_nanosecond() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../workloads/arrivals.csv");
    let file = std::fs::read_to_string(path).expect("the file is there");
    let seconds = file.lines().skip(1).filter_map(|line| line.split(',').next()?.parse::<f64>().ok());
    let nanos: Vec<u64> = seconds.map(|at| Nanos::from_f64(at * 1e9).0).collect();
    let first = nanos[0];
    let dues = |properties: &str| {
        let observed =
            simulate(1, "10ms", &format!("arrivals trace \"arrivals.csv\" column=at unit=s {properties}"));
        let mut dues: Vec<u64> = observed.iterations("crowd").map(|iteration| iteration.due).collect();
        dues.sort_unstable();
        assert!(dues.len() > 5, "{properties}: {dues:?}");
        dues
    };
    let check = |properties: &str, played: &dyn Fn(u64) -> u64| {
        let all: Vec<u64> = nanos.iter().map(|at| played(*at)).collect();
        let dues = dues(properties);
        assert_eq!(dues, all[..dues.len()], "{properties}");
        assert!(all.get(dues.len()).is_none_or(|next| *next >= 3_000_000_000), "{properties}");
    };
    check("", &|at| at);
    check("from=first", &|at| at - first);
    check("scale=0.1", &|at| Nanos::from_f64(at as f64 * 0.1).0);
}
