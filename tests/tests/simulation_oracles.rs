//! Queueing theory against the simulator: independent replications with fixed seeds, at 99.9 % confidence.

use throng::summary::DurationsSummary;
use throng_tests::simulation::{Observed, run};

const REPLICATIONS: u64 = 10;
/// Student's t for 9 degrees of freedom, two-sided 99.9 %.
const T: f64 = 4.781;

fn replicate(text: impl Fn(u64) -> String) -> Vec<Observed> {
    (1..=REPLICATIONS).map(|seed| run(text(seed).as_str()).expect("it runs")).collect()
}

/// The mean over replications lies within its own confidence interval around the formula's value.
///
/// # Units
/// Milliseconds.
fn check(what: &str, runs: &[Observed], figure: impl Fn(&Observed) -> f64, exact: f64) {
    let values: Vec<f64> = runs.iter().map(figure).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = T * (variance / n).sqrt();
    assert!((mean - exact).abs() <= half, "{what}: {mean} ± {half}, by theory {exact}");
    assert!(half <= 0.3 * exact, "{what}: ± {half} says nothing about {exact}");
}

fn responses(observed: &Observed) -> DurationsSummary {
    observed.summary.steps.get("ask").expect("it was used").response_ns
}

fn millis(nanos: Option<u64>) -> f64 {
    nanos.unwrap_or(0) as f64 / 1e6
}

/// Poisson arrivals at a number of exponential servers.
fn open(per_second: u64, mean: &str, servers: u64, length: &str) -> Vec<Observed> {
    replicate(|seed| {
        format!(
            "throng 1\nseed {seed}\ntick \"1s\"\ntarget shop \"http://127.0.0.1:1\"\n\
             service shop {{ servers {servers}; time exponential mean=\"{mean}\" }}\n\
             behavior visit {{ http GET \"/\" name=ask }}\n\
             scenario crowd {{\nbehavior visit\narrivals poisson {{ hold \"{per_second}/s\" for=\"{length}\" }}\n\
             users max=100000\nwarm-up \"3s\"\n}}\n"
        )
    })
}

#[test]
fn one_server_half_busy() {
    let runs = open(50, "10ms", 1, "83s");
    check("M/M/1 mean", &runs, |run| millis(responses(run).mean), 20.0);
    check("M/M/1 p50", &runs, |run| millis(responses(run).p50), 13.863);
    check("M/M/1 p90", &runs, |run| millis(responses(run).p90), 46.052);
    check("M/M/1 p99", &runs, |run| millis(responses(run).p99), 92.103);
}

#[test]
fn one_server_four_fifths_busy() {
    let runs = open(80, "10ms", 1, "103s");
    check("M/M/1 mean", &runs, |run| millis(responses(run).mean), 50.0);
    check("M/M/1 p50", &runs, |run| millis(responses(run).p50), 34.657);
}

#[test]
fn two_servers_three_quarters_busy() {
    // Arrivals 3, service 2 a unit of time, 25 ms long.
    let runs = open(120, "12.5ms", 2, "123s");
    check("M/M/2 mean", &runs, |run| millis(responses(run).mean), 25.0 * 1.142_857_1);
    check("M/M/2 p50", &runs, |run| millis(responses(run).p50), 25.0 * 0.844_034);
    check("M/M/2 p99", &runs, |run| millis(responses(run).p99), 25.0 * 4.854_752);
}

#[test]
fn ten_servers_four_fifths_busy() {
    // Arrivals 8, service 1 a unit of time, 100 ms long.
    let runs = open(80, "100ms", 10, "63s");
    check("M/M/10 mean", &runs, |run| millis(responses(run).mean), 120.459_02);
    check("M/M/10 p50", &runs, |run| millis(responses(run).p50), 91.214_5);
    check("M/M/10 p99", &runs, |run| millis(responses(run).p99), 494.611_1);
}

#[test]
fn five_users_and_one_server() {
    // Think time 4, service 1, in units of 100 ms.
    let runs = replicate(|seed| {
        format!(
            "throng 1\nseed {seed}\ntick \"1s\"\ntarget shop \"http://127.0.0.1:1\"\n\
             service shop {{ time exponential mean=\"100ms\" }}\n\
             behavior visit {{ think exponential mean=\"400ms\"; http GET \"/\" name=ask }}\n\
             scenario crew {{\nbehavior visit\npopulation {{ hold 5 for=\"405s\" }}\nwarm-up \"5s\"\n}}\n"
        )
    });
    let response = |run: &Observed| millis(responses(run).mean);
    let throughput = |run: &Observed| run.scenario("crew").rate.achieved_per_s.unwrap_or(0.0);
    check("M/M/1//5 response", &runs, response, 224.271_84);
    check("M/M/1//5 throughput", &runs, throughput, 8.009_331);
    check("M/M/1//5 p50", &runs, |run| millis(responses(run).p50), 178.811);
    check("M/M/1//5 p99", &runs, |run| millis(responses(run).p99), 827.016);
    // The response time law holds for each run, up to its drawn think times: N / X − Z = R.
    check(
        "N / X − Z − R + 1 s",
        &runs,
        |run| 5_000.0 / throughput(run) - 400.0 - response(run) + 1_000.0,
        1_000.0,
    );
}

#[test]
fn one_server_with_each_law_of_time() {
    // Pollaczek and Khinchine: 50 arrivals a second, 10 ms each, waits 0.5 × 10 ms (1 + c²) / (2 × 0.5).
    let laws = [
        ("constant \"10ms\"", 0.0),
        ("erlang k=4 mean=\"10ms\"", 0.25),
        ("gamma shape=0.5 mean=\"10ms\"", 2.0),
        ("hyperexponential mean=\"10ms\" scv=4", 4.0),
        ("hyperexponential { phase weight=3 mean=\"2ms\"; phase mean=\"34ms\" }", 4.84),
        ("lognormal mean=\"10ms\" stddev=\"10ms\"", 1.0),
        ("pareto shape=3 mean=\"10ms\"", 1.0 / 3.0),
        ("weibull shape=2 mean=\"10ms\"", 4.0 / std::f64::consts::PI - 1.0),
    ];
    for (law, variation) in laws {
        let runs = replicate(|seed| {
            format!(
                "throng 1\nseed {seed}\ntick \"1s\"\ntarget shop \"http://127.0.0.1:1\"\n\
                 service shop {{ time {law} }}\nbehavior visit {{ http GET \"/\" name=ask }}\n\
                 scenario crowd {{\nbehavior visit\narrivals poisson {{ hold \"50/s\" for=\"83s\" }}\n\
                 users max=100000\nwarm-up \"3s\"\n}}\n"
            )
        });
        check(law, &runs, |run| millis(responses(run).mean), 10.0 + 5.0 * (1.0 + variation));
    }
}
