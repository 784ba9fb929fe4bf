//! A histogram as it is saved: its filled buckets alone, for most of a histogram's room is empty.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Histogram, bucket};

impl Serialize for Histogram {
    /// The buckets in rising order: how far each one is from the one before, and its count.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut last = 0;
        let filled =
            self.filled().map(|(bucket, count)| (bucket - std::mem::replace(&mut last, bucket), count));
        filled.collect::<Vec<(usize, u64)>>().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Histogram {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut histogram = Self::default();
        let mut place = 0_usize;
        for (step, count) in Vec::<(usize, u64)>::deserialize(deserializer)? {
            place = place.saturating_add(step);
            if place > bucket(u64::MAX) || histogram.total.checked_add(count).is_none() {
                return Err(D::Error::custom("no histogram counts so many or so large values"));
            }
            histogram.add(place, count);
        }
        Ok(histogram)
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::Nanos;
    use crate::measure::Measure;
    use crate::state::{StateReader, StateWriter};

    /// A measure of these nanoseconds is the same after it was saved, and goes on as the one that was not.
    fn check(values: &[u64]) {
        let mut measure = Measure::default();
        for value in values {
            measure.record(Nanos(*value));
        }
        let mut writer = StateWriter::default();
        writer.put(&measure);
        let bytes = writer.finish().expect("it can be written");
        let mut found: Measure = StateReader::new(&bytes).take().expect("it can be read");
        for _ in 0..2 {
            for q in [0.0, 0.1, 0.5, 0.9, 0.999, 1.0] {
                assert_eq!(found.quantile(q), measure.quantile(q), "{q} of {values:?}");
            }
            assert!(found.buckets().eq(measure.buckets()), "{values:?}");
            assert_eq!((found.count(), found.sum()), (measure.count(), measure.sum()));
            assert_eq!(
                (found.min(), found.max(), found.stddev()),
                (measure.min(), measure.max(), measure.stddev())
            );
            for value in [0, 77, 123_456_789, u64::MAX] {
                found.record(Nanos(value));
                measure.record(Nanos(value));
            }
        }
    }

    #[test]
    fn a_saved_histogram_is_the_same() {
        check(&[]);
        check(&[0]);
        check(&[5, 5, 5, 1_000_000_007, 2_047, 2_048, 2_049]);
        check(&[u64::MAX, 604_800_000_000_000, 3]);
        check(&(0..5_000).map(|number: u64| number * number * 977).collect::<Vec<_>>());
    }
}
