//! Levels over time, and an arithmetic of their own: nothing here is shared with what it checks.

use super::Dice;

/// One straight piece.
///
/// # Units
/// Levels in tenths (of an event a second, or of a user), lengths in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The level at its start.
    pub from: u64,
    /// The level at its end.
    pub to: u64,
    /// How long it lasts; `None` for a hold without an end.
    pub length: Option<u64>,
}

/// Stages one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// In order.
    pub stages: Vec<Stage>,
}

impl Shape {
    /// A shape of one to three stages whose levels are at most `most`, in steps of `step`.
    pub fn draw(dice: &mut Dice, most: u64, step: u64, endless: bool) -> Self {
        let mut stages = Vec::new();
        let count = dice.between(1, 3);
        for number in 1..=count {
            let (from, to) = (step * dice.between(0, most / step), step * dice.between(0, most / step));
            let length = Some(dice.between(1, 20) * 100);
            stages.push(match number {
                _ if endless && number == count => {
                    Stage { from: to.max(step), to: to.max(step), length: None }
                }
                _ if dice.chance(50) => Stage { from, to: from, length },
                _ => Stage { from, to, length },
            });
        }
        Self { stages }
    }

    /// Its whole length in nanoseconds; `None` without an end.
    pub fn length(&self) -> Option<u64> {
        self.stages.iter().map(|stage| stage.length).sum::<Option<u64>>().map(|millis| millis * 1_000_000)
    }

    /// The area under it up to an instant.
    ///
    /// # Units
    /// Nanoseconds from its start; events.
    pub fn area(&self, until: u64) -> f64 {
        let (mut left, mut area) = (until as f64 / 1e9, 0.0);
        for stage in &self.stages {
            let length = stage.length.map_or(f64::INFINITY, |millis| millis as f64 / 1e3);
            let time = left.min(length);
            let (from, to) = (stage.from as f64 / 10.0, stage.to as f64 / 10.0);
            let rise = if length.is_finite() { (to - from) * time / length } else { 0.0 };
            area += (from + rise / 2.0) * time;
            left -= time;
            if left <= 0.0 {
                break;
            }
        }
        area
    }

    /// The highest level within a nanosecond of an instant, so that a jump counts with both its sides.
    pub fn level_around(&self, at: u64) -> f64 {
        let (mut start, mut highest) = (0, 0.0_f64);
        for stage in &self.stages {
            let length = stage.length.map_or(u64::MAX / 4, |millis| millis * 1_000_000);
            if at + 1 >= start && at <= start + length + 1 {
                let part = (at.saturating_sub(start) as f64 / length as f64).min(1.0);
                let (from, to) = (stage.from as f64 / 10.0, stage.to as f64 / 10.0);
                highest = highest.max(from + (to - from) * part);
            }
            start += length;
        }
        highest
    }

    /// The highest level it reaches.
    pub fn peak(&self) -> u64 {
        self.stages.iter().map(|stage| stage.from.max(stage.to)).max().unwrap_or(0)
    }

    /// Its stages in KDL; `level` writes a level.
    pub fn kdl(&self, level: impl Fn(u64) -> String) -> String {
        let stages = self.stages.iter().map(|stage| match stage.length {
            None => format!("hold {}", level(stage.to)),
            Some(length) if stage.from == stage.to => format!("hold {} for=\"{length}ms\"", level(stage.to)),
            Some(length) => {
                format!("ramp from={} to={} over=\"{length}ms\"", level(stage.from), level(stage.to))
            }
        });
        stages.collect::<Vec<_>>().join("; ")
    }
}
