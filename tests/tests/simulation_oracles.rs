//! Queueing theory against the simulator: independent replications with fixed seeds, at 99.9 % confidence.

use throng::summary::{DurationsSummary, ServiceSummary};
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

fn shop(observed: &Observed) -> &ServiceSummary {
    observed.summary.services.get("shop").expect("it is modelled")
}

/// A figure of a run and its name.
type Figure = (&'static str, fn(&Observed) -> f64);

/// Mean time in the system, W, in milliseconds; quantiles likewise.
const W: Figure = ("W", |run| millis(responses(run).mean));
const T50: Figure = ("T50", |run| millis(responses(run).p50));
const T90: Figure = ("T90", |run| millis(responses(run).p90));
const T99: Figure = ("T99", |run| millis(responses(run).p99));
/// Mean wait, Wq, and its quantiles, in milliseconds.
const WQ: Figure = ("Wq", |run| millis(shop(run).wait_ns.mean));
const WQ50: Figure = ("Wq50", |run| millis(shop(run).wait_ns.p50));
const WQ99: Figure = ("Wq99", |run| millis(shop(run).wait_ns.p99));
/// Requests in the system and waiting, on average over time; found there by an arrival.
const L: Figure = ("L", |run| shop(run).present_mean.unwrap_or(0.0));
const LQ: Figure = ("Lq", |run| shop(run).waiting_mean.unwrap_or(0.0));
const FOUND: Figure = ("found by an arrival", |run| shop(run).found_mean.unwrap_or(0.0));
/// The share of time that a server is busy.
const RHO: Figure = ("rho", |run| shop(run).utilisation.unwrap_or(0.0));
/// The share of requests that are refused.
const LOSS: Figure = ("loss", |run| shop(run).requests.refused as f64 / shop(run).requests.arrived as f64);

/// Poisson arrivals at a service. In each run Little's law holds, L = λ W with the accepted rate, to rounding.
fn open(service: &str, per_second: &str, length: &str, expected: &[(Figure, f64)]) {
    let runs = replicate(|seed| {
        format!(
            "throng 1\nseed {seed}\ntarget shop \"http://127.0.0.1:1\"\nservice shop {{ {service} }}\n\
             behavior visit {{ http GET \"/\" name=ask }}\n\
             scenario crowd {{\nbehavior visit\narrivals poisson {{ hold \"{per_second}\" for=\"{length}\" }}\n\
             users max=100000\nwarm-up \"3s\"\n}}\n"
        )
    });
    for ((name, figure), exact) in expected {
        check(&format!("{service}: {name}"), &runs, figure, *exact);
    }
    for run in &runs {
        let (all, done) = (shop(run), shop(run).sojourn_ns);
        let little = done.count as f64 * done.mean.unwrap_or(0) as f64 / run.summary.duration_ns as f64;
        let present = all.present_mean.unwrap_or(0.0);
        assert!((present - little).abs() <= 1e-6 * present, "{service}: L is {present}, lambda W {little}");
    }
}

#[test]
fn one_server() {
    open(
        "time exponential mean=\"10ms\"",
        "50/s",
        "200s",
        &[
            (W, 20.0),
            (T50, 13.863),
            (T90, 46.052),
            (T99, 92.103),
            (WQ, 10.0),
            (WQ99, 78.240),
            (L, 1.0),
            (LQ, 0.5),
            (FOUND, 1.0),
            (RHO, 0.5),
        ],
    );
    open(
        "time exponential mean=\"10ms\"",
        "80/s",
        "300s",
        &[
            (W, 50.0),
            (T50, 34.657),
            (T90, 115.129),
            (T99, 230.259),
            (WQ, 40.0),
            (WQ50, 23.5),
            (WQ99, 219.101),
            (L, 4.0),
            (LQ, 3.2),
            (FOUND, 4.0),
            (RHO, 0.8),
        ],
    );
}

#[test]
fn several_servers() {
    // Arrivals 3, service 2 a unit of time, 25 ms long.
    let unit = 25.0;
    open(
        "servers 2; time exponential mean=\"12.5ms\"",
        "120/s",
        "200s",
        &[
            (W, unit * 1.142_857_1),
            (T50, unit * 0.844_034),
            (T99, unit * 4.854_752),
            (WQ, unit * 0.642_857_1),
            (WQ99, unit * 4.163_337),
            (LQ, 1.928_571_4),
            (L, 3.428_571_4),
            (FOUND, 3.428_571_4),
        ],
    );
    // Arrivals 8, service 1 a unit of time, 100 ms long.
    let unit = 100.0;
    open(
        "servers 10; time exponential mean=\"100ms\"",
        "80/s",
        "900s",
        &[
            (W, unit * 1.204_590_1),
            (T50, unit * 0.912_145),
            (T99, unit * 4.946_111),
            (WQ, unit * 0.204_590_1),
            (WQ99, unit * 1.855_785),
            (LQ, 1.636_720_6),
            (L, 9.636_720_6),
        ],
    );
}

#[test]
fn places_are_bounded() {
    // Arrivals 0.9, service 1 a unit of time, 10 ms long; one server and four places to wait.
    let unit = 10.0;
    open(
        "queue fifo limit=4; time exponential mean=\"10ms\"",
        "90/s",
        "200s",
        &[
            (LOSS, 0.126_022_5),
            (L, 2.194_782_3),
            (LQ, 1.408_202_6),
            (WQ, unit * 1.790_286),
            (RHO, 0.786_579_7),
            (FOUND, 2.194_782_3),
        ],
    );
    // Arrivals 2, service 1; two servers and two places to wait.
    open(
        "servers 2; queue fifo limit=2; time exponential mean=\"10ms\"",
        "200/s",
        "100s",
        &[(LOSS, 2.0 / 9.0), (L, 2.222_222_2), (LQ, 2.0 / 3.0), (WQ, unit * 0.428_571_4)],
    );
    // Without a place to wait: Erlang's loss formula with an offered load of 2 at two servers.
    open("servers 2; queue fifo limit=0; time constant \"10ms\"", "200/s", "100s", &[(LOSS, 0.4)]);
}

#[test]
fn one_server_that_always_takes_the_same_time() {
    open("time constant \"10ms\"", "50/s", "200s", &[(WQ, 5.0), (W, 15.0), (LQ, 0.25), (WQ99, 33.363)]);
    open(
        "time constant \"10ms\"",
        "80/s",
        "300s",
        &[(WQ, 20.0), (W, 30.0), (LQ, 1.6), (WQ50, 12.759), (WQ99, 103.559)],
    );
}

#[test]
fn the_order_of_service_changes_no_mean_and_sharing_knows_the_mean_alone() {
    // Any order that does not look at the times of service: the means of M/M/1.
    for queue in ["lifo", "random", "priority"] {
        let service = format!("queue {queue}; time exponential mean=\"10ms\"");
        open(&service, "50/s", "200s", &[(L, 1.0), (W, 20.0), (WQ, 10.0)]);
    }
    // M/G/1 processor sharing: W = E[S] / (1 - rho), whatever the law of service (Kleinrock 1967).
    for law in ["constant \"10ms\"", "exponential mean=\"10ms\"", "hyperexponential mean=\"10ms\" scv=4"] {
        let service = format!("queue processor-sharing; time {law}");
        open(&service, "50/s", "200s", &[(W, 20.0), (L, 1.0), (FOUND, 1.0), (RHO, 0.5)]);
    }
    // Two classes, the urgent one half of the load (Cobham 1954): R = rho E[S] = 5 ms, Wq1 = R / (1 - 0.25).
    let service = "queue priority; time exponential mean=\"10ms\"; step ask { rank 1 }";
    let runs = replicate(|seed| {
        format!(
            "throng 1\nseed {seed}\ntarget shop \"http://127.0.0.1:1\"\nservice shop {{ {service} }}\n\
             behavior urgent {{ http GET \"/\" name=ask }}\nbehavior patient {{ http GET \"/\" name=look }}\n\
             scenario one {{\nbehavior urgent\narrivals poisson {{ hold \"25/s\" for=\"200s\" }}\nusers max=9999\n}}\n\
             scenario two {{\nbehavior patient\narrivals poisson {{ hold \"25/s\" for=\"200s\" }}\nusers max=9999\n}}\n"
        )
    });
    let of = |run: &Observed, step: &str| run.summary.steps.get(step).expect("it was used").response_ns.mean;
    check("the urgent class", &runs, |run| millis(of(run, "ask")), 10.0 + 5.0 / 0.75);
    check("the patient class", &runs, |run| millis(of(run, "look")), 10.0 + 5.0 / (0.75 * 0.5));
}

/// So many users who think and ask one server. `expected`: throughput a second; mean, p50 and p99 of the time there and the
/// mean number there, in milliseconds.
fn closed(users: u32, think: f64, service: f64, length: &str, expected: [f64; 5]) {
    let runs = replicate(|seed| {
        format!(
            "throng 1\nseed {seed}\ntarget shop \"http://127.0.0.1:1\"\n\
             service shop {{ time exponential mean=\"{service}ms\" }}\n\
             behavior visit {{ think exponential mean=\"{think}ms\"; http GET \"/\" name=ask }}\n\
             scenario crew {{\nbehavior visit\npopulation {{ hold {users} for=\"{length}\" }}\nwarm-up \"5s\"\n}}\n"
        )
    });
    let throughput = |run: &Observed| run.scenario("crew").rate.achieved_per_s.unwrap_or(0.0);
    check("X", &runs, throughput, expected[0]);
    for ((name, figure), exact) in [W, T50, T99, L].into_iter().zip(&expected[1..]) {
        check(&format!("{users} users: {name}"), &runs, figure, *exact);
    }
    // The response time law holds for each run, up to its drawn think times: N / X − Z = R.
    let law = |run: &Observed| 1_000.0 * f64::from(users) / throughput(run) - think - W.1(run) + 1_000.0;
    check("N / X − Z − R + 1 s", &runs, law, 1_000.0);
}

#[test]
fn users_who_wait_for_their_answers() {
    // Think time 4, service 1, in units of 100 ms.
    closed(5, 400.0, 100.0, "800s", [8.009_331, 224.271_84, 178.811, 827.016, 1.796_267_5]);
    // Think time 10, service 1, in units of 10 ms.
    closed(20, 100.0, 10.0, "100s", [99.813_095, 100.374_51, 96.869, 218.533, 10.018_690_5]);
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
                "throng 1\nseed {seed}\ntarget shop \"http://127.0.0.1:1\"\n\
                 service shop {{ time {law} }}\nbehavior visit {{ http GET \"/\" name=ask }}\n\
                 scenario crowd {{\nbehavior visit\narrivals poisson {{ hold \"50/s\" for=\"83s\" }}\n\
                 users max=100000\nwarm-up \"3s\"\n}}\n"
            )
        });
        check(law, &runs, |run| millis(responses(run).mean), 10.0 + 5.0 * (1.0 + variation));
    }
}
