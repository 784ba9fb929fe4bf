//! Open against closed: one service at one throughput, an order of magnitude apart by who asks. Schroeder, Wierman and
//! Harchol-Balter, "Open versus closed: a cautionary tale" (NSDI 2006). `cargo run -p throng-examples --bin open_closed`

use std::io::Write;
use std::path::Path;
use std::sync::atomic::AtomicU32;

use throng::loader::{Overrides, load};
use throng::{App, RunOptions, simulate};

/// What one crowd saw: answers a second, the mean response and its 99th percentile in milliseconds.
pub(crate) struct Row {
    pub(crate) who: &'static str,
    pub(crate) per_second: f64,
    pub(crate) mean: u64,
    pub(crate) p99: u64,
}

/// All four crowds live in one run, each with a service of its own.
///
/// Open, Pollaczek and Khinchine have the mean: s + rho s (1 + scv) / (2 (1 - rho)), so 10 + 0.9 × 10 × 21 / 0.2 = 955 ms.
/// Of ten users who wait for their answers never more than ten are in the service: they stop asking while it is slow.
pub(crate) fn rows() -> [Row; 4] {
    let (app, text) = (App::new(), include_bytes!("../../open-closed.kdl"));
    let loaded = load(Path::new("open-closed.kdl"), text, app.registry(), &Overrides::default());
    let options = RunOptions::default();
    let summary = simulate(&app, loaded.expect("it is right"), options, &AtomicU32::new(0)).expect("it runs");
    ["open", "thousand", "hundred", "ten"].map(|who| {
        let rate = &summary.scenarios.get(who).expect("it is a scenario").rate;
        let response = summary.steps.get(who).expect("and its step").response_ns;
        let per_second = rate.achieved_per_s.unwrap_or(f64::NAN);
        let millis = |nanos: Option<u64>| nanos.unwrap_or(0) / 1_000_000;
        Row { who, per_second, mean: millis(response.mean), p99: millis(response.p99) }
    })
}

fn main() -> std::io::Result<()> {
    let (mut out, rows) = (std::io::stdout(), rows());
    writeln!(out, "users     answers/s  mean, ms   p99, ms  mean")?;
    for Row { who, per_second, mean, p99 } in &rows {
        let bar: String = (0..mean.div_ceil(25)).map(|_| '█').collect();
        writeln!(out, "{who:9} {per_second:9.1} {mean:9} {p99:9}  {bar}")?;
    }
    let [open, .., ten] = rows;
    let times = |open: u64, ten: u64| open as f64 / ten as f64;
    let (mean, p99) = (times(open.mean, ten.mean), times(open.p99, ten.p99));
    writeln!(out, "\nopen against ten users: {mean:.1} times the mean, {p99:.1} times the 99th percentile")
}
