//! A modelled service beside its formulas: M/M/1 at four loads, simulated and by queueing theory, with 95 % intervals.
//! `cargo run -p throng-examples --bin queueing_formula`

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::atomic::AtomicU32;

use throng::loader::{Overrides, load};
use throng::{App, RunOptions, simulate};

/// m: what the server can do in a second. The workload says the same.
const SERVICE: f64 = 100.0;
/// Student's t, two-sided 95 %, for the 9 degrees of freedom that ten replications leave.
const T: f64 = 2.262;
/// Mean response and its 99th percentile, mean number in the service, and the share of time that it works.
const FIGURES: [&str; 4] = ["W, ms", "p99, ms", "L", "busy"];

/// One replication. The busier the server, the longer its memory: it is watched for longer.
fn simulated(rate: u32, seed: u64) -> [f64; 4] {
    let length = format!("{}s", 5_000 / (100 - rate));
    let sets = vec![("rate".to_owned(), format!("{rate}/s")), ("length".to_owned(), length)];
    let overrides = Overrides { seed: Some(seed), sets, ..Overrides::default() };
    let (app, text) = (App::new(), include_bytes!("../../queueing-formula.kdl"));
    let loaded = load(Path::new("queueing-formula.kdl"), text, app.registry(), &overrides);
    let summary = simulate(&app, loaded.expect("it loads"), RunOptions::default(), &AtomicU32::new(0));
    let summary = summary.expect("it runs");
    let response = summary.steps.get("ask").expect("it was asked").response_ns;
    let shop = summary.services.get("shop").expect("it is modelled");
    let millis = |nanos: Option<u64>| nanos.map_or(f64::NAN, |nanos| nanos as f64 / 1e6);
    let [l, busy] = [shop.present_mean, shop.utilisation].map(|figure| figure.unwrap_or(f64::NAN));
    [millis(response.mean), millis(response.p99), l, busy]
}

/// With l arrivals a second, responses are exponential with mean W = 1/(m - l): quantile p is -ln(1 - p)/(m - l). L = l W.
/// Kleinrock, Queueing Systems I (1975), 3.2 and 5.7.
fn formulas(l: f64) -> [f64; 4] {
    let w = 1.0 / (SERVICE - l);
    [1e3 * w, 1e3 * w * -0.01_f64.ln(), l * w, l / SERVICE]
}

/// For each figure: its mean over ten replications, half of the 95 % interval around it, and the formula's value.
pub(crate) fn compare(rate: u32) -> [[f64; 3]; 4] {
    let runs: Vec<_> = (1..=10).map(|seed| simulated(rate, seed)).collect();
    [0, 1, 2, 3].map(|figure| {
        let mean = runs.iter().map(|run| run[figure]).sum::<f64>() / 10.0;
        let variance = runs.iter().map(|run| (run[figure] - mean).powi(2)).sum::<f64>() / 9.0;
        [mean, T * (variance / 10.0).sqrt(), formulas(f64::from(rate))[figure]]
    })
}

fn main() -> std::io::Result<()> {
    writeln!(stdout(), " rho  figure            simulated    formula  difference")?;
    for rate in [50, 70, 80, 90] {
        for (figure, [mean, half, formula]) in FIGURES.iter().zip(compare(rate)) {
            let off = 100.0 * (mean / formula - 1.0);
            writeln!(stdout(), "0.{rate}  {figure:8} {mean:9.3} ± {half:6.3}  {formula:9.3}  {off:+9.2}%")?;
        }
    }
    Ok(())
}
