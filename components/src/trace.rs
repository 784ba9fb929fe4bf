//! Trace and span ids, as functions of what they name, so that nobody has to carry them about.

use bevy_ecs::resource::Resource;

use crate::seed::RunSeed;
use crate::virtual_user::UserId;

/// The run's random id, and which iterations' traces are kept. Never derived from the seed.
#[derive(Resource, Clone, Copy, Debug, PartialEq)]
pub struct TraceContext {
    /// The run's id; random for each run.
    pub run: u128,
    /// The share of iterations whose spans are exported, 0 to 1.
    pub ratio: f64,
    /// Whether requests carry a `traceparent`.
    pub propagate: bool,
}

impl TraceContext {
    /// A function of the run's id and two numbers.
    fn derive(&self, a: u64, b: u64) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((self.run >> 64) as u64, self.run as u64);
        RunSeed(high).key(a ^ low, b)
    }

    /// The id of an iteration's trace; never zero.
    pub fn trace_id(&self, user: UserId, iteration: u64) -> u128 {
        let high = self.derive(user.0, iteration.wrapping_mul(2));
        let low = self.derive(user.0, iteration.wrapping_mul(2).wrapping_add(1));
        ((u128::from(high) << 64) | u128::from(low)).max(1)
    }

    /// The id of a span within a trace; `None` names the iteration's own span. Never zero.
    pub fn span_id(&self, trace_id: u128, ordinal: Option<u32>) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
        let number = ordinal.map_or(0, |ordinal| u64::from(ordinal) + 1);
        RunSeed(high ^ low).key(low, number).max(1)
    }

    /// The id of a group's span within a trace, by the group's count within the iteration, from 1.
    pub fn group_span_id(&self, trace_id: u128, group: u32) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
        // Beyond all ordinals.
        RunSeed(high ^ low).key(low, (1 << 33) + u64::from(group)).max(1)
    }

    /// The id of the span of a redirect that an attempt followed, by the attempt's ordinal and its count, from 1.
    pub fn redirect_span_id(&self, trace_id: u128, ordinal: u32, redirect: u8) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
        // Beyond all ordinals and all groups.
        let number = (1 << 48) | (u64::from(ordinal) << 8) | u64::from(redirect);
        RunSeed(high ^ low).key(low, number).max(1)
    }

    /// The id of a span that has to do with a modelled service, by the span it stands in and its place in that: 0 for the
    /// one that answers a request, from 1 on for calls that are made meanwhile.
    pub fn service_span_id(&self, trace_id: u128, parent: u64, place: u32) -> u64 {
        #[expect(clippy::cast_possible_truncation, reason = "both halves are used")]
        let (high, low) = ((trace_id >> 64) as u64, trace_id as u64);
        // Beyond all ordinals, groups and redirects.
        RunSeed(high ^ low).key(parent, (1 << 58) + u64::from(place)).max(1)
    }

    /// Whether an iteration's spans are exported: by the trace id's lower 56 bits, as W3C's random trace ids allow,
    /// so that every span of a trace gets the same answer.
    pub fn is_sampled(&self, trace_id: u128) -> bool {
        const MASK: u128 = (1 << 56) - 1;
        self.ratio >= 1.0 || ((trace_id & MASK) as f64) < self.ratio * (1_u64 << 56) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::ScenarioId;

    #[test]
    fn the_ratio_is_kept_and_ids_differ() {
        let context = TraceContext { run: 0x0123_4567_89ab_cdef, ratio: 0.1, propagate: true };
        let ids: Vec<_> =
            (0..20_000).map(|i| context.trace_id(UserId::new(ScenarioId(1), i % 100), i)).collect();
        let sampled = ids.iter().filter(|id| context.is_sampled(**id)).count();
        // 2,000 expected with a standard deviation of 42; four of them.
        assert!((1_830..2_170).contains(&sampled), "{sampled}");
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), ids.len());
        assert_ne!(context.span_id(ids[0], None), context.span_id(ids[0], Some(0)));
        assert_ne!(context.span_id(ids[0], Some(u32::MAX)), context.group_span_id(ids[0], 0));
        assert_ne!(context.redirect_span_id(ids[0], 1, 1), context.redirect_span_id(ids[0], 1, 2));
        assert_ne!(context.redirect_span_id(ids[0], 0, 1), context.span_id(ids[0], Some(0)));
        let answers = |trace: u128, parent| context.service_span_id(trace, parent, 0);
        assert_ne!(answers(ids[0], 1), answers(ids[0], 2));
        assert_ne!(answers(ids[0], 1), answers(ids[1], 1));
        assert_ne!(answers(ids[0], 1), context.service_span_id(ids[0], 1, 1));
    }
}
