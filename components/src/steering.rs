//! A scenario's shape as it was really asked for: multiplied and paused while it was played.
//!
//! ```text
//! rate ┤                ╭────── scaled to 150 %
//!      │ ────────╮      │
//!      │         │      │       each stretch knows where the shape stood at its start
//!      └─────────┴──────┴─────► time
//!        as written  paused
//! ```

use bevy_ecs::component::Component;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::control::Factor;
use crate::curve::{AreaCursor, Curve, LevelChange, LevelCursor};

/// A stretch of time in which a shape was played in one manner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stretch {
    /// When it begins, counted from the scenario's start.
    from: Nanos,
    /// Where the shape stands then.
    plan: Nanos,
    /// By what its curve is multiplied.
    factor: Factor,
    /// Whether the shape stands still.
    paused: bool,
    /// Twice the area under the curve before `plan`.
    plan_area: u128,
    /// Twice the area that was asked for before `from`.
    asked_area: u128,
}

impl Stretch {
    /// Where the shape stands at an instant within.
    fn plan_at(&self, at: Nanos) -> Nanos {
        if self.paused { self.plan } else { self.plan + (at - self.from) }
    }

    /// Twice the area asked for until an instant within.
    fn asked_until(&self, curve: &Curve, at: Nanos) -> u128 {
        if self.paused {
            return self.asked_area;
        }
        let area = curve.area_doubled_until(self.plan_at(at)) - self.plan_area;
        // Divided first: the product of a long run's area and a factor may pass 128 bits.
        let factor = u128::from(self.factor.as_thousandths());
        self.asked_area + area / 1_000 * factor + area % 1_000 * factor / 1_000
    }

    /// The area under the curve at which twice the area asked for is `target`; `None` when that does not grow.
    #[inline]
    fn plan_area_at(&self, target: u128) -> Option<u128> {
        let factor = u128::from(self.factor.as_thousandths());
        let area = target.saturating_sub(self.asked_area);
        match factor {
            _ if self.paused => None,
            0 => None,
            1_000 => Some(self.plan_area + area),
            _ => Some(self.plan_area + area * 1_000 / factor),
        }
    }
}

/// How a scenario's shape was multiplied and paused so far. Instants count from the scenario's start.
#[derive(Component, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steering {
    /// In order; the first one is the plan as written. One more for each command that concerned it.
    stretches: Vec<Stretch>,
}

impl Default for Steering {
    fn default() -> Self {
        Self { stretches: vec![Stretch::default()] }
    }
}

impl Steering {
    fn last(&self) -> Stretch {
        self.stretches.last().copied().unwrap_or_default()
    }

    fn at(&self, at: Nanos) -> Stretch {
        let after = self.stretches.partition_point(|stretch| stretch.from <= at);
        self.stretches.get(after.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// The factor that holds now.
    pub fn factor(&self) -> Factor {
        self.last().factor
    }

    /// Whether the shape stands still now.
    pub fn is_paused(&self) -> bool {
        self.last().paused
    }

    /// Begins a new stretch at an instant that lies before no other one.
    pub fn steer(&mut self, curve: &Curve, from: Nanos, factor: Factor, paused: bool) {
        let last = self.last();
        let from = from.max(last.from);
        let plan = last.plan_at(from);
        self.stretches.push(Stretch {
            from,
            plan,
            factor,
            paused,
            plan_area: curve.area_doubled_until(plan),
            asked_area: last.asked_until(curve, from),
        });
    }

    /// When a shape of this length will have been played; [`Nanos::MAX`] while it stands still or when it has no end.
    pub fn end(&self, length: Nanos) -> Nanos {
        let last = self.last();
        if last.paused || length == Nanos::MAX { Nanos::MAX } else { last.from + (length - last.plan) }
    }

    /// Twice the area asked for until an instant: level units × nanoseconds × 2.
    pub fn area_doubled_until(&self, curve: &Curve, at: Nanos) -> u128 {
        self.at(at).asked_until(curve, at)
    }
}

/// Walks a steered curve by rising areas: gives the instant at which each is reached.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SteeredAreas {
    stretch: usize,
    cursor: AreaCursor,
}

impl SteeredAreas {
    /// The instant at which twice the area asked for reaches `target`; `None` when, as things stand, it never does.
    #[inline]
    pub fn instant_at(&mut self, curve: &Curve, steering: &Steering, target: u128) -> Option<Nanos> {
        loop {
            let stretch = steering.stretches.get(self.stretch)?;
            let area = stretch.plan_area_at(target);
            let plan = area.and_then(|area| self.cursor.instant_at(curve, area));
            let at = plan.map(|plan| stretch.from + (plan - stretch.plan));
            match (at, steering.stretches.get(self.stretch + 1)) {
                (at, None) => return at,
                (Some(at), Some(next)) if at < next.from => return Some(at),
                _ => {
                    self.stretch += 1;
                    self.cursor = AreaCursor::default();
                }
            }
        }
    }
}

/// Walks a steered population curve: gives the changes of how many users are wanted. While it is paused, none changes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SteeredLevels {
    stretch: usize,
    cursor: LevelCursor,
}

impl SteeredLevels {
    /// The next change, without taking it; `None` when, as things stand, there is none.
    pub fn peek(&mut self, curve: &Curve, steering: &Steering) -> Option<LevelChange> {
        loop {
            let stretch = steering.stretches.get(self.stretch)?;
            let change = if stretch.paused { None } else { self.cursor.peek(curve) };
            let change =
                change.map(|change| LevelChange { at: stretch.from + (change.at - stretch.plan), ..change });
            let Some(next) = steering.stretches.get(self.stretch + 1) else { return change };
            if change.is_some_and(|change| change.at < next.from) {
                return change;
            }
            self.stretch += 1;
            if !next.paused {
                self.cursor.seek(curve, next.plan, next.factor);
            }
        }
    }

    /// Takes the change that [`SteeredLevels::peek`] gave.
    pub fn take(&mut self, change: LevelChange) {
        self.cursor.take(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::Stage;
    use crate::workload::Rate;

    const EVENT: u128 = 2 * 3_600_000_000_000_000_000;

    fn secs(seconds: u64) -> Nanos {
        Nanos::from_secs(seconds)
    }

    /// Stages by level at either end and length in seconds.
    fn curve(stages: &[(u64, u64, u64)], unit: u64) -> Curve {
        let stage = |(from, to, length): &(u64, u64, u64)| Stage {
            from: from * unit,
            to: to * unit,
            length: secs(*length),
        };
        Curve { stages: stages.iter().map(stage).collect() }
    }

    /// A steering by second, per cent and whether it is paused.
    fn steering(curve: &Curve, commands: &[(u64, u32, bool)]) -> Steering {
        let mut steering = Steering::default();
        for (second, percent, paused) in commands {
            let factor = Factor::thousandths(percent * 10).expect("a small factor");
            steering.steer(curve, secs(*second), factor, *paused);
        }
        steering
    }

    /// Commands over rates; `expected`: events until each second, and where the shape ends.
    fn check_area(
        stages: &[(u64, u64, u64)],
        commands: &[(u64, u32, bool)],
        expected: &[(u64, f64)],
        end: Nanos,
    ) {
        let curve = curve(stages, Rate::PER_SECOND);
        let steering = steering(&curve, commands);
        for (second, events) in expected {
            let area = steering.area_doubled_until(&curve, secs(*second)) as f64 / EVENT as f64;
            assert!((area - events).abs() < 1e-6, "until {second} s: {area}, not {events}");
        }
        assert_eq!(steering.end(curve.length()), end, "{commands:?}");
        // As many tokens as the rule says, each where the area reaches its number less a half.
        let mut cursor = SteeredAreas::default();
        let instants: Vec<Nanos> =
            (0..).map_while(|n: u128| cursor.instant_at(&curve, &steering, EVENT * n + EVENT / 2)).collect();
        let total = expected.last().map_or(0.0, |(_, events)| *events);
        let tokens = (total - 0.5).ceil().max(0.0);
        assert!(
            (instants.len() as f64 - tokens).abs() < 0.1,
            "{commands:?}: {}, not {tokens}",
            instants.len()
        );
        assert!(instants.is_sorted());
        for (index, at) in instants.iter().enumerate() {
            let area = steering.area_doubled_until(&curve, *at) as f64 / EVENT as f64;
            assert!((area - (index as f64 + 0.5)).abs() < 1e-3, "token {index} at {at:?}: {area}");
        }
    }

    #[test]
    fn the_area_is_that_of_the_curve_as_it_was_asked() {
        let hold = &[(10, 10, 10)];
        check_area(hold, &[], &[(5, 50.0), (10, 100.0), (20, 100.0)], secs(10));
        check_area(hold, &[(4, 150, false)], &[(4, 40.0), (6, 70.0), (10, 130.0)], secs(10));
        check_area(hold, &[(4, 0, false), (8, 100, false)], &[(6, 40.0), (8, 40.0), (10, 60.0)], secs(10));
        check_area(hold, &[(4, 100, true), (7, 100, false)], &[(6, 40.0), (8, 50.0), (13, 100.0)], secs(13));
        check_area(hold, &[(4, 100, true)], &[(6, 40.0), (99, 40.0)], Nanos::MAX);
        check_area(
            &[(0, 10, 10), (10, 10, 10)],
            &[(5, 200, false)],
            &[(5, 12.5), (10, 87.5), (20, 287.5)],
            secs(20),
        );
        // Scaled while paused: it holds from the resumption on.
        let both = &[(2, 100, true), (3, 50, true), (4, 50, false)];
        check_area(hold, both, &[(4, 20.0), (12, 60.0)], secs(12));
        // Two at one instant: the last one holds.
        check_area(hold, &[(5, 300, false), (5, 100, false)], &[(10, 100.0)], secs(10));
    }

    /// Commands over users; `expected`: millisecond, user, whether it is wanted.
    fn check_levels(
        stages: &[(u64, u64, u64)],
        commands: &[(u64, u32, bool)],
        expected: &[(u64, u64, bool)],
    ) {
        let curve = curve(stages, 1);
        let steering = steering(&curve, commands);
        let mut cursor = SteeredLevels::default();
        let mut found = Vec::new();
        while let Some(change) = cursor.peek(&curve, &steering) {
            cursor.take(change);
            found.push((change.at.0 / 1_000_000, change.user, change.wanted));
        }
        assert_eq!(found, expected, "{commands:?}");
    }

    #[test]
    fn levels_are_those_of_the_curve_as_it_was_asked() {
        let hold = &[(2, 2, 10)];
        let come = [(0, 1, true), (0, 2, true)];
        let and = |more: &[(u64, u64, bool)]| [&come[..], more].concat();
        check_levels(hold, &[], &come);
        check_levels(hold, &[(4, 200, false)], &and(&[(4_000, 3, true), (4_000, 4, true)]));
        check_levels(hold, &[(4, 50, false), (6, 100, false)], &and(&[(4_000, 2, false), (6_000, 2, true)]));
        // 1.1 of 2 users are 2.2: still two.
        check_levels(hold, &[(4, 110, false)], &come);
        check_levels(hold, &[(4, 100, true), (7, 100, false)], &come);
        check_levels(
            hold,
            &[(4, 100, true), (5, 0, true), (7, 0, false)],
            &and(&[(7_000, 2, false), (7_000, 1, false)]),
        );
        let ramp = &[(0, 2, 4)];
        check_levels(ramp, &[], &[(1_000, 1, true), (3_000, 2, true)]);
        check_levels(ramp, &[(2, 100, true), (7, 100, false)], &[(1_000, 1, true), (8_000, 2, true)]);
        check_levels(
            ramp,
            &[(2, 200, false)],
            &[(1_000, 1, true), (2_000, 2, true), (2_500, 3, true), (3_500, 4, true)],
        );
    }
}
