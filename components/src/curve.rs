//! Levels over time: straight pieces, played one after the other. Their areas and crossings are exact.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::control::Factor;

/// One straight piece: from a level to a level over a time. A hold has equal ends.
///
/// ```text
///   to ┤        ╱
///      │     ╱
/// from ┤  ╱
///      └──┬─────┬──► time
///         0   length
/// ```
///
/// # Units
/// Levels are whole numbers of whatever the curve is of: [`Rate`](crate::workload::Rate) units for arrivals, users for a population.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// The level at its start.
    pub from: u64,
    /// The level it reaches at its end.
    pub to: u64,
    /// How long it lasts; [`Nanos::MAX`] for a hold without an end.
    pub length: Nanos,
}

impl Stage {
    /// Twice its area, so that it is a whole number: level units × nanoseconds × 2.
    fn area_doubled(&self) -> u128 {
        (u128::from(self.from) + u128::from(self.to)) * u128::from(self.length.0)
    }

    /// Twice the area of its first `time` nanoseconds, rounded down.
    fn area_doubled_until(&self, time: Nanos) -> u128 {
        let (time, length) = (u128::from(time.0.min(self.length.0)), u128::from(self.length.0));
        let base = 2 * u128::from(self.from) * time;
        if self.from == self.to || length == 0 {
            return base;
        }
        // slope × time²: the square can pass 128 bits, so divide before the second multiplication and carry the rest.
        let rise = u128::from(self.from.abs_diff(self.to)) * time;
        let part = (rise / length) * time + (rise % length) * time / length;
        if self.to > self.from { base + part } else { base - part }
    }

    /// The first whole nanosecond of the stage at which its doubled area reaches `target` or, on a ramp, the
    /// nanosecond below it; always inside the stage.
    fn time_at_area_doubled(&self, target: u128) -> Nanos {
        let last = Nanos(self.length.0.saturating_sub(1));
        if self.from == self.to {
            let per_nano = 2 * u128::from(self.from);
            return u64::try_from(target / per_nano.max(1)).map_or(last, |time| Nanos(time).min(last));
        }
        // a·t + s·t²/2 = A, in the form that loses no digits: t = 2A / (a + sqrt(a² + 2·s·A)).
        let (from, length) = (self.from as f64, self.length.0 as f64);
        let slope = (self.to as f64 - from) / length;
        let area = target as f64 / 2.0;
        let root = (from * from + 2.0 * slope * area).max(0.0).sqrt();
        let time = 2.0 * area / (from + root);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
        Nanos(time as u64).min(last)
    }
}

/// Stages one after the other. A level may jump between two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curve {
    /// The stages in order.
    pub stages: Vec<Stage>,
}

impl Curve {
    /// The length of all stages; [`Nanos::MAX`] when the last one has no end.
    pub fn length(&self) -> Nanos {
        self.stages.iter().fold(Nanos::ZERO, |sum, stage| sum + stage.length)
    }

    /// The highest level it reaches.
    pub fn peak(&self) -> u64 {
        self.stages.iter().map(|stage| stage.from.max(stage.to)).max().unwrap_or(0)
    }

    /// The instant from which on nothing lies under it; [`Nanos::MAX`] where that never comes.
    pub fn area_ends(&self) -> Nanos {
        let (mut start, mut ends) = (Nanos::ZERO, Nanos::ZERO);
        for stage in &self.stages {
            start += stage.length;
            if stage.from.max(stage.to) > 0 {
                ends = start;
            }
        }
        ends
    }

    /// Twice the area under it from its start until `time`: level units × nanoseconds × 2.
    pub fn area_doubled_until(&self, time: Nanos) -> u128 {
        let mut start = Nanos::ZERO;
        let mut sum = 0;
        for stage in &self.stages {
            if time <= start {
                break;
            }
            sum += stage.area_doubled_until(time - start);
            start += stage.length;
        }
        sum
    }

    /// The level at an instant; 0 after the end.
    pub fn level_at(&self, time: Nanos) -> f64 {
        let mut start = Nanos::ZERO;
        for stage in &self.stages {
            let end = start + stage.length;
            if time < end {
                let part = (time - start).0 as f64 / stage.length.0 as f64;
                return stage.from as f64 + (stage.to as f64 - stage.from as f64) * part;
            }
            start = end;
        }
        0.0
    }
}

/// Walks a curve by rising areas: gives the instant at which each is reached.
///
/// It knows the ends of the stage that it stands in, and on a hold the last instant it gave: the next one is a short
/// division away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaCursor {
    /// Stages entered so far: it stands in the last one of them.
    entered: usize,
    /// Where that one begins.
    start: Nanos,
    /// Where it ends.
    end: Nanos,
    /// Twice the area before its end.
    until: u128,
    /// An instant of it: on a hold the one given last, else its start.
    near: Nanos,
    /// Twice the area before that instant.
    near_area: u128,
    /// Twice the area of one nanosecond of it, when it is a hold and that fits; else 0.
    per_nano: u64,
}

impl AreaCursor {
    /// The instant at which the doubled area under the curve reaches `target`; `None` when it never does.
    ///
    /// An area reached exactly at a stage's end belongs to the next stage, because intervals are half-open.
    /// A target that falls is found as well, from the curve's start.
    #[inline]
    pub fn instant_at(&mut self, curve: &Curve, target: u128) -> Option<Nanos> {
        // Arrivals lie near each other, and a division of 64 bits is one instruction.
        match u64::try_from(target.wrapping_sub(self.near_area)) {
            Ok(area) if self.per_nano > 0 && target < self.until => {
                Some(self.walk(area / self.per_nano, self.per_nano))
            }
            _ => self.instant_afar(curve, target),
        }
    }

    #[cold]
    fn instant_afar(&mut self, curve: &Curve, target: u128) -> Option<Nanos> {
        if target < self.near_area {
            *self = Self::default();
        }
        while target >= self.until {
            self.enter(curve.stages.get(self.entered)?);
        }
        let stage = curve.stages.get(self.entered - 1)?;
        let area = target - self.near_area;
        if stage.from == stage.to && self.per_nano > 0 {
            // Inside the stage, whose length is one of 64 bits.
            let time = u64::try_from(area / u128::from(self.per_nano)).unwrap_or(u64::MAX);
            return Some(self.walk(time, self.per_nano));
        }
        Some(self.start + stage.time_at_area_doubled(area))
    }

    /// Goes on by so many nanoseconds of a hold.
    fn walk(&mut self, time: u64, per_nano: u64) -> Nanos {
        self.near += Nanos(time);
        self.near_area += u128::from(time) * u128::from(per_nano);
        self.near
    }

    fn enter(&mut self, stage: &Stage) {
        self.start = self.end;
        (self.near, self.near_area) = (self.start, self.until);
        self.end += stage.length;
        self.until += stage.area_doubled();
        self.entered += 1;
        self.per_nano = if stage.from == stage.to { stage.from.checked_mul(2).unwrap_or(0) } else { 0 };
    }
}

/// Walks a curve by rising instants: gives the area before each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeCursor {
    /// Stages that lie wholly before the last instant.
    passed: usize,
    /// Where the stage behind them begins.
    start: Nanos,
    /// Twice the area before it.
    before: u128,
}

impl TimeCursor {
    /// Twice the area under the curve from its start until an instant that lies before none that was asked for.
    pub fn area_doubled_until(&mut self, curve: &Curve, time: Nanos) -> u128 {
        while let Some(stage) = curve.stages.get(self.passed) {
            if time < self.start + stage.length {
                return self.before + stage.area_doubled_until(time - self.start);
            }
            self.start += stage.length;
            self.before += stage.area_doubled();
            self.passed += 1;
        }
        self.before
    }
}

/// A change of how many users are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelChange {
    /// When.
    pub at: Nanos,
    /// The user concerned, from 1: the one that is wanted from now on, or no longer.
    pub user: u64,
    /// Whether it is wanted from now on.
    pub wanted: bool,
}

/// Walks a population curve, or a multiple of it: user k is wanted while the level is at least k − ½.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LevelCursor {
    stage: usize,
    start: Nanos,
    wanted: u64,
    /// Where on the curve its level has still to be reached: it may jump between stages, and where its multiple changes.
    jump: Option<Nanos>,
    factor: Factor,
}

impl Default for LevelCursor {
    fn default() -> Self {
        Self { stage: 0, start: Nanos::ZERO, wanted: 0, jump: Some(Nanos::ZERO), factor: Factor::ONE }
    }
}

impl LevelCursor {
    /// The next change, without taking it. After the last stage there is none: the scenario's end retires who is left.
    pub fn peek(&mut self, curve: &Curve) -> Option<LevelChange> {
        loop {
            let stage = curve.stages.get(self.stage)?;
            let change = self.change_in(stage);
            if change.is_some() {
                return change;
            }
            self.start += stage.length;
            self.stage += 1;
            self.jump = Some(self.start);
        }
    }

    /// Takes the change that [`LevelCursor::peek`] gave.
    pub fn take(&mut self, change: LevelChange) {
        self.wanted = if change.wanted { change.user } else { change.user - 1 };
    }

    /// Goes on from an instant of the curve, with another multiple of it. Who is wanted stays so until the next change.
    pub fn seek(&mut self, curve: &Curve, at: Nanos, factor: Factor) {
        (self.stage, self.start) = (0, Nanos::ZERO);
        while let Some(stage) = curve.stages.get(self.stage)
            && self.start + stage.length <= at
        {
            self.start += stage.length;
            self.stage += 1;
        }
        (self.jump, self.factor) = (Some(at), factor);
    }

    fn change_in(&mut self, stage: &Stage) -> Option<LevelChange> {
        if let Some(at) = self.jump {
            if let Some((user, wanted)) = self.towards(self.users_at(stage, at - self.start)) {
                return Some(LevelChange { at, user, wanted });
            }
            self.jump = None;
        }
        let (user, wanted) = self.towards(self.users_at(stage, stage.length))?;
        let crossing = self.crossing(stage, user, wanted);
        // At the stage's end the next one begins, and with it its own level.
        (crossing < stage.length).then(|| LevelChange { at: self.start + crossing, user, wanted })
    }

    /// The user to come or to go next, until so many are wanted.
    fn towards(&self, users: u64) -> Option<(u64, bool)> {
        match self.wanted.cmp(&users) {
            Ordering::Less => Some((self.wanted + 1, true)),
            Ordering::Greater => Some((self.wanted, false)),
            Ordering::Equal => None,
        }
    }

    /// How many users are wanted at an instant of a stage: the level to the nearest whole number, a half rounded up.
    fn users_at(&self, stage: &Stage, time: Nanos) -> u64 {
        let factor = 2 * u128::from(self.factor.as_thousandths());
        let (from, length) = (u128::from(stage.from), u128::from(stage.length.0));
        let users = if stage.from == stage.to || length == 0 {
            (factor * from + ONE_USER) / (2 * ONE_USER)
        } else {
            let rise = u128::from(stage.from.abs_diff(stage.to)) * u128::from(time.0.min(stage.length.0));
            let level = if stage.to > stage.from { from * length + rise } else { from * length - rise };
            (factor * level + ONE_USER * length) / (2 * ONE_USER * length)
        };
        u64::try_from(users).unwrap_or(u64::MAX)
    }

    /// Where a ramp crosses `user` − ½: rounded up on the way up, the nanosecond after on the way down.
    fn crossing(&self, stage: &Stage, user: u64, up: bool) -> Nanos {
        let factor = 2 * u128::from(self.factor.as_thousandths());
        let span = factor * u128::from(stage.from.abs_diff(stage.to));
        let doubled = (2 * u128::from(user) - 1) * ONE_USER;
        let distance = doubled.abs_diff(factor * u128::from(stage.from));
        let product = distance * u128::from(stage.length.0);
        let time = if up { product.div_ceil(span) } else { product / span + 1 };
        Nanos(u64::try_from(time).unwrap_or(u64::MAX))
    }
}

/// One user in the thousandths in which a multiple is kept.
const ONE_USER: u128 = Factor::ONE.as_thousandths() as u128;

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: u64 = 3_600_000_000;
    /// The doubled area of one event: rate units × nanoseconds × 2.
    const EVENT: u128 = 2 * 3_600_000_000_000_000_000;

    fn stage(from: u64, to: u64, millis: u64) -> Stage {
        Stage { from, to, length: Nanos::from_millis(millis) }
    }

    fn tokens(stages: &[Stage]) -> Vec<Nanos> {
        let curve = Curve { stages: stages.to_vec() };
        let mut cursor = AreaCursor::default();
        (1..).map_while(|n: u128| cursor.instant_at(&curve, EVENT * n - EVENT / 2)).collect()
    }

    fn check_area(stages: &[Stage], from_millis: u64, to_millis: u64, events: f64) {
        let curve = Curve { stages: stages.to_vec() };
        let doubled = curve.area_doubled_until(Nanos::from_millis(to_millis))
            - curve.area_doubled_until(Nanos::from_millis(from_millis));
        assert!((doubled as f64 / EVENT as f64 - events).abs() < 1e-9, "{doubled} is not {events}");
    }

    #[test]
    fn areas_are_those_of_the_curve() {
        check_area(&[stage(0, 10 * RATE, 20_000)], 0, 1_000, 0.25);
        check_area(&[stage(0, 10 * RATE, 20_000)], 0, 20_000, 100.0);
        check_area(&[stage(5 * RATE, 10 * RATE, 1_000)], 0, 1_000, 7.5);
        check_area(&[stage(5 * RATE, 5 * RATE, 500)], 0, 500, 2.5);
        check_area(&[stage(20 * RATE, 20 * RATE, 2_000), stage(20 * RATE, 0, 60_000)], 2_000, 17_000, 262.5);
        check_area(&[stage(0, 0, 1_000)], 0, 1_000, 0.0);
    }

    #[test]
    fn a_stretch_of_area_a_has_ceil_of_a_minus_half_tokens() {
        assert_eq!(tokens(&[stage(5 * RATE, 10 * RATE, 1_000)]).len(), 7);
        assert_eq!(tokens(&[stage(5 * RATE, 5 * RATE, 500)]).len(), 2);
        assert_eq!(tokens(&[stage(RATE, RATE, 10_000)]).len(), 10);
        assert_eq!(tokens(&[stage(0, RATE, 10_000), stage(RATE, RATE, 10_000)]).len(), 15);
        assert_eq!(tokens(&[stage(0, 0, 1_000)]).len(), 0);
        for tenths in [30, 40, 152, 600, 700, 3_000, 6_000, 7_000, 9_000_u64] {
            let rate = tenths * RATE / 10;
            let instants = tokens(&[stage(rate, rate, 10_000)]);
            assert_eq!(instants.len() as u64, tenths, "{tenths} tenths a second for 10 s");
            for (index, instant) in instants.iter().enumerate() {
                let exact = (index as f64 + 0.5) * 1e10 / tenths as f64;
                assert!((instant.0 as f64 - exact).abs() <= 1.0, "token {index} at {instant:?}");
            }
        }
    }

    #[test]
    fn an_endless_hold_goes_on() {
        let curve = Curve { stages: vec![Stage { from: RATE, to: RATE, length: Nanos::MAX }] };
        let mut cursor = AreaCursor::default();
        let target = EVENT * 1_000_000 - EVENT / 2;
        assert_eq!(cursor.instant_at(&curve, target), Some(Nanos(999_999_500_000_000)));
    }

    #[test]
    fn a_cursor_that_walks_gives_what_a_new_one_gives() {
        let (fast, slow) = (900_000 * RATE, RATE / 7);
        let curve = Curve {
            stages: vec![
                stage(fast, fast, 1),
                stage(0, 0, 50),
                stage(slow, slow, 70_000),
                stage(slow, fast, 3),
                stage(fast, fast, 2),
            ],
        };
        let mut walking = AreaCursor::default();
        // Steps of all sizes, of which some lead back and some far beyond 64 bits.
        let mut target = 0;
        for number in 0..5_000_u128 {
            target = match number % 10 {
                9 => target - target / 3,
                rest => target + (EVENT >> (7 * rest)) * (number % 17),
            };
            let expected = AreaCursor::default().instant_at(&curve, target);
            assert_eq!(walking.instant_at(&curve, target), expected, "step {number} to {target}");
        }
        assert_eq!(walking.instant_at(&curve, u128::MAX / 2), None);
    }

    #[test]
    fn a_walk_in_time_gives_the_areas_of_the_curve() {
        let curve = Curve { stages: vec![stage(5, 5, 10), stage(0, 0, 3), stage(2, 90, 40), stage(7, 7, 1)] };
        let mut cursor = TimeCursor::default();
        for step in 0..700 {
            let at = Nanos(step * step * 131);
            let expected = curve.area_doubled_until(at);
            assert_eq!(cursor.area_doubled_until(&curve, at), expected, "at {at:?}");
        }
    }

    fn changes(stages: &[Stage]) -> Vec<(u64, u64, bool)> {
        let curve = Curve { stages: stages.to_vec() };
        let mut cursor = LevelCursor::default();
        let mut all = Vec::new();
        while let Some(change) = cursor.peek(&curve) {
            cursor.take(change);
            all.push((change.at.0 / 1_000_000, change.user, change.wanted));
        }
        all
    }

    #[test]
    fn users_are_wanted_from_half_a_level_on() {
        assert_eq!(
            changes(&[stage(0, 2, 1_000), stage(2, 2, 1_000), stage(2, 0, 1_000)]),
            [(250, 1, true), (750, 2, true), (2_250, 2, false), (2_750, 1, false)]
        );
        assert_eq!(
            changes(&[stage(3, 3, 100), stage(1, 1, 100)]),
            [(0, 1, true), (0, 2, true), (0, 3, true), (100, 3, false), (100, 2, false)]
        );
        assert_eq!(
            changes(&[stage(2, 2, 100), stage(0, 1, 100)]),
            [(0, 1, true), (0, 2, true), (100, 2, false), (100, 1, false), (150, 1, true)]
        );
    }
}
