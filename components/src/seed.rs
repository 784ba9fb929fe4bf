//! Randomness without a generator: every draw is a function of what it is for.

use bevy_ecs::resource::Resource;

/// The run's seed. All that is random in a run is a function of it.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunSeed(pub u64);

/// What a draw is for. Two draws for different purposes never share a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(pub u32);

impl Purpose {
    /// A gap between two arrivals of one lane.
    pub const ARRIVAL: Self = Self(1);
    /// Which state an arrival law is in, and for how long.
    pub const ARRIVAL_STATE: Self = Self(7);
    /// A modelled service's time.
    pub const SERVICE_TIME: Self = Self(2);
    /// Whether a modelled service fails.
    pub const SERVICE_FAILURE: Self = Self(3);
    /// How many calls to another service a modelled service makes, and what these draw by.
    pub const SERVICE_CALL: Self = Self(5);
    /// The place of a request among others that wait for a modelled service.
    pub const SERVICE_LOT: Self = Self(6);
    /// The draws of an iteration's own steps: think times, choices, `random()`.
    pub const BEHAVIOR: Self = Self(4);
    /// How long after it is wanted a closed user begins.
    pub const STAGGER: Self = Self(8);
    /// A closed user's time from start to start.
    pub const PACE: Self = Self(9);
    /// How much a wait between two tries of a step differs from what was declared.
    pub const RETRY: Self = Self(10);
    /// The seed of one replication of a sweep.
    pub const REPLICATION: Self = Self(11);
    /// The draws of a step that is a Rust function.
    pub const FUNCTION: Self = Self(20);
}

/// The golden ratio's odd 64-bit fraction: spreads consecutive numbers over the whole range.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// One round of the `SplitMix64` finaliser (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl RunSeed {
    /// The stable key of a thing that draws, from the numbers that name it.
    pub const fn key(self, a: u64, b: u64) -> u64 {
        let first = mix(self.0 ^ mix(a.wrapping_add(GOLDEN)));
        mix(first ^ mix(b.wrapping_mul(GOLDEN).wrapping_add(GOLDEN)))
    }
}

/// Draw number `number` of the thing with this key, for this purpose: 64 random bits.
pub const fn draw(key: u64, purpose: Purpose, number: u64) -> u64 {
    Draws::of(key, purpose).number(number)
}

/// All draws of one thing for one purpose: for whoever makes many of them.
#[derive(Clone, Copy, Debug)]
pub struct Draws(u64);

impl Draws {
    /// Those of the thing with this key.
    pub const fn of(key: u64, purpose: Purpose) -> Self {
        Self(mix(key ^ (purpose.0 as u64).wrapping_mul(GOLDEN)))
    }

    /// One of them: 64 random bits.
    ///
    /// Two rounds more, because one round of `SplitMix64` gives streams that are offsets of a single sequence.
    pub const fn number(self, number: u64) -> u64 {
        mix(mix(self.0.wrapping_add(number.wrapping_mul(GOLDEN))))
    }
}

/// A number from [0, 1): 53 bits. They have no sign, but numbers with one are those that a processor converts in one step.
pub fn unit(bits: u64) -> f64 {
    (bits >> 11).cast_signed() as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A number from (0, 1]: safe to take the logarithm of.
pub fn unit_above_zero(bits: u64) -> f64 {
    ((bits >> 11) + 1).cast_signed() as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A number from (0, 1), between its ends as between those of a quantile function: 52 bits.
pub fn unit_within(bits: u64) -> f64 {
    ((bits >> 12).cast_signed() as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

/// A whole number from [0, bound), without bias worth naming (Lemire's multiplication; the error is below bound / 2^64).
pub fn below(bits: u64, bound: u64) -> u64 {
    ((u128::from(bits) * u128::from(bound)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_uniform_and_unrelated() {
        let seed = RunSeed(42);
        let n = 100_000;
        let mut mean = 0.0;
        let mut product = 0.0;
        for i in 0..n {
            let a = unit(draw(seed.key(1, i), Purpose::BEHAVIOR, 0));
            let b = unit(draw(seed.key(1, i + 1), Purpose::BEHAVIOR, 0));
            mean += a / n as f64;
            product += (a - 0.5) * (b - 0.5) / n as f64;
        }
        // Standard errors: 0.289 / sqrt(n) = 0.0009 and 1/12 / sqrt(n) = 0.00026; four of each.
        assert!((mean - 0.5).abs() < 0.0037, "{mean}");
        assert!(product.abs() < 0.0011, "{product}");
    }

    #[test]
    fn units_keep_to_their_ends() {
        let ends = |unit: fn(u64) -> f64| (unit(0), unit(u64::MAX));
        let least = f64::EPSILON / 2.0;
        assert_eq!(ends(unit), (0.0, 1.0 - least));
        assert_eq!(ends(unit_above_zero), (least, 1.0));
        assert_eq!(ends(unit_within), (least, 1.0 - least));
    }
}
