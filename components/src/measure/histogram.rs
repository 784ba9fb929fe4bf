//! A histogram as it is saved: its recorded buckets alone, for most of a histogram's room is empty.

use hdrhistogram::Histogram;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Measure;

/// The buckets in rising order: how far each value is from the one before, and its count.
pub(super) fn serialize<S: Serializer>(histogram: &Histogram<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut last = 0;
    let buckets = histogram.iter_recorded().map(|step| {
        let value = step.value_iterated_to();
        (value - std::mem::replace(&mut last, value), step.count_at_value())
    });
    buckets.collect::<Vec<_>>().serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Histogram<u64>, D::Error> {
    let Measure { mut histogram, .. } = Measure::default();
    let mut value = 0_u64;
    for (step, count) in Vec::<(u64, u64)>::deserialize(deserializer)? {
        value = value.saturating_add(step);
        histogram.record_n(value, count).map_err(D::Error::custom)?;
    }
    Ok(histogram)
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
