//! Laws of time in KDL.

use super::Dice;

/// A law of time, with a mean of a few milliseconds up to `most`.
pub(super) fn draw_law(dice: &mut Dice, most: u64) -> String {
    let (mean, other) = (dice.between(1, most), dice.between(1, most));
    match dice.between(1, 4) {
        1 => format!("constant \"{mean}ms\""),
        2 => format!("uniform \"{}ms\" \"{}ms\"", mean.min(other), mean.max(other)),
        3 => format!("exponential mean=\"{mean}ms\""),
        _ => format!("erlang k={} mean=\"{mean}ms\"", dice.between(1, 6)),
    }
}
