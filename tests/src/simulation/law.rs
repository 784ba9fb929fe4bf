//! Laws of time in KDL.

use super::Dice;

/// A law of time, with a mean of a few milliseconds up to `most`.
pub(super) fn draw_law(dice: &mut Dice, most: u64) -> String {
    let (mean, other) = (dice.between(1, most), dice.between(1, most));
    match dice.between(1, 10) {
        1 => format!("constant \"{mean}ms\""),
        2 => format!("uniform \"{}ms\" \"{}ms\"", mean.min(other), mean.max(other)),
        3 => format!("exponential mean=\"{mean}ms\""),
        4 => format!("erlang k={} mean=\"{mean}ms\"", dice.between(1, 6)),
        5 => format!("hyperexponential mean=\"{mean}ms\" scv={}", dice.between(1, 9)),
        6 => format!("hyperexponential {{ phase mean=\"{mean}ms\"; phase weight=3 mean=\"{other}ms\" }}"),
        7 => format!("gamma shape={} mean=\"{mean}ms\"", dice.between(1, 9) as f64 / 4.0),
        8 => format!("lognormal median=\"{mean}ms\" sigma={}", dice.between(1, 9) as f64 / 10.0),
        9 => format!("weibull shape={} scale=\"{mean}ms\"", dice.between(2, 9) as f64 / 4.0),
        _ => format!("pareto shape=1.5 min=\"{mean}ms\" max=\"{}ms\"", mean + 20 * other),
    }
}
