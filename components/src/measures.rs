//! Measures of one's own: values under names that nobody has to declare.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bevy_ecs::resource::Resource;
use serde::{Deserialize, Serialize};

use crate::clock::Nanos;
use crate::distribution::Distribution;

/// Names that a run keeps apart: far more than a reader looks at. A name made of an id would soon be more.
const NAMES_MOST: usize = 256;

/// The longest name, in bytes: what is longer is a text, and no name.
const NAME_BYTES_MOST: usize = 128;

/// Values that wait for the listeners between two ticks, at most; in results they are in any case.
const UNTOLD_MOST: usize = 65_536;

/// The unit of durations.
const NANOSECONDS: &str = "ns";

/// One value of a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What the measure is called.
    pub name: Cow<'static, str>,
    /// The unit of the value, as results show it: `ns`, `bytes`, `share`; empty for a plain number.
    pub unit: Cow<'static, str>,
    /// The value.
    pub value: f64,
}

/// What the values of one measure add up to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NamedMeasure {
    /// The unit of its first value, and so of all.
    pub unit: Cow<'static, str>,
    /// Its values.
    pub values: Distribution,
    /// Values that were not taken: of another unit, infinite, or no numbers.
    pub refused: u64,
}

/// Values whose name was one too many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeasuresOverflow {
    /// The first such name, cut to its first characters where it is too long.
    pub first: String,
    /// How many values.
    pub values: u64,
}

/// All measures of a run. A system records into it, and so do functions that are steps.
///
/// A name is new when it is first used. 256 names are kept apart; values under any further name are counted
/// together, and the first of these names is shown, so that a name made of an id does not fill the memory.
///
/// # Examples
/// ```
/// use throng_components::measures::Measures;
///
/// let mut measures = Measures::default();
/// measures.record("admitted", "share", 0.75);
/// assert_eq!(measures.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["admitted"]);
/// ```
#[derive(Resource, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Measures {
    by_name: BTreeMap<Cow<'static, str>, NamedMeasure>,
    overflow: Option<MeasuresOverflow>,
    /// Whether a listener wants the values themselves.
    #[serde(skip)]
    pub listened_to: bool,
    /// Values that listeners have not been told yet.
    untold: Vec<Measurement>,
    /// Values that found no room among these.
    untold_lost: u64,
}

impl Measures {
    /// Records a value. What is no finite number, or of another unit than the measure's first value, is counted as refused.
    pub fn record(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        unit: impl Into<Cow<'static, str>>,
        value: f64,
    ) {
        self.take(Measurement { name: name.into(), unit: unit.into(), value });
    }

    /// Records a duration, in nanoseconds.
    pub fn record_duration(&mut self, name: impl Into<Cow<'static, str>>, duration: Nanos) {
        self.record(name, NANOSECONDS, duration.0 as f64);
    }

    /// Records a value that was measured elsewhere.
    pub fn take(&mut self, measurement: Measurement) {
        let Measurement { name, unit, value } = &measurement;
        let Some(measure) = self.measure(name, unit) else { return };
        if measure.unit != *unit || !measure.values.record(*value) {
            measure.refused += 1;
            return;
        }
        match self.untold.len() {
            _ if !self.listened_to => {}
            UNTOLD_MOST.. => self.untold_lost += 1,
            _ => self.untold.push(measurement),
        }
    }

    /// The measure of that name, new or not; `None` when it is one too many, which is counted.
    #[expect(clippy::ptr_arg, reason = "a name that is kept stays borrowed where it was")]
    fn measure(&mut self, name: &Cow<'static, str>, unit: &Cow<'static, str>) -> Option<&mut NamedMeasure> {
        if !self.by_name.contains_key(name) {
            if self.by_name.len() >= NAMES_MOST || name.len() > NAME_BYTES_MOST {
                self.overflow(name, 1);
                return None;
            }
            let measure = NamedMeasure { unit: unit.clone(), ..NamedMeasure::default() };
            self.by_name.insert(name.clone(), measure);
        }
        self.by_name.get_mut(name)
    }

    fn overflow(&mut self, name: &str, values: u64) {
        let end = name.floor_char_boundary(NAME_BYTES_MOST);
        let overflow = self
            .overflow
            .get_or_insert_with(|| MeasuresOverflow { first: name[..end].to_owned(), values: 0 });
        overflow.values += values;
    }

    /// Adds all of another's, but for what listeners are told.
    pub fn merge(&mut self, other: &Self) {
        for (name, told) in &other.by_name {
            let Some(measure) = self.measure(name, &told.unit) else { continue };
            measure.refused += told.refused;
            if measure.unit == told.unit {
                measure.values.merge(&told.values);
            } else {
                measure.refused += told.values.count();
            }
        }
        if let Some(told) = &other.overflow {
            self.overflow(&told.first, told.values);
        }
    }

    /// All measures, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &NamedMeasure)> {
        self.by_name.iter().map(|(name, measure)| (name.as_ref(), measure))
    }

    /// The measure of that name.
    pub fn get(&self, name: &str) -> Option<&NamedMeasure> {
        self.by_name.get(name)
    }

    /// Values under names that were too many.
    pub fn overflowed(&self) -> Option<&MeasuresOverflow> {
        self.overflow.as_ref()
    }

    /// What listeners are still to be told, and how many values found no room to wait for it.
    pub fn take_untold(&mut self) -> (Vec<Measurement>, u64) {
        (std::mem::take(&mut self.untold), std::mem::take(&mut self.untold_lost))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_unit_holds_and_the_rest_is_refused() {
        let mut measures = Measures::default();
        measures.record("depth", "tokens", 3.0);
        measures.record("depth", "bytes", 3.0);
        measures.record("depth", "tokens", f64::NAN);
        measures.record_duration("age", Nanos::MILLISECOND);
        let depth = measures.get("depth").expect("it was recorded");
        assert_eq!((depth.values.count(), depth.refused, depth.unit.as_ref()), (1, 2, "tokens"));
        assert_eq!(measures.get("age").and_then(|age| age.values.max()), Some(1e6));
    }

    #[test]
    fn names_beyond_the_bound_are_counted_and_the_first_is_named() {
        let mut measures = Measures::default();
        for number in 0..300 {
            measures.record(format!("of user {number}"), "", 1.0);
        }
        assert_eq!(measures.iter().count(), NAMES_MOST);
        let overflow = MeasuresOverflow { first: "of user 256".to_owned(), values: 44 };
        assert_eq!(measures.overflowed(), Some(&overflow));
        measures.record("of user 7", "", 1.0);
        assert_eq!(measures.get("of user 7").map(|measure| measure.values.count()), Some(2));
        let mut long = Measures::default();
        long.record("ä".repeat(100), "", 1.0);
        assert_eq!(long.overflowed().map(|overflow| overflow.first.len()), Some(NAME_BYTES_MOST));
    }

    #[test]
    fn merging_keeps_all_that_is_counted() {
        let (mut left, mut right) = (Measures::default(), Measures::default());
        left.record("a", "bytes", 1.0);
        right.record("a", "bytes", 3.0);
        right.record("a", "tokens", 3.0);
        right.record("b", "", 2.0);
        right.overflow("c", 5);
        left.merge(&right);
        let a = left.get("a").expect("it was recorded");
        assert_eq!((a.values.count(), a.values.max(), a.refused), (2, Some(3.0), 1));
        assert_eq!(left.iter().count(), 2);
        assert_eq!(left.overflowed().map(|overflow| overflow.values), Some(5));
    }

    #[test]
    fn listeners_are_told_each_value_once() {
        let mut measures = Measures::default();
        measures.record("a", "", 1.0);
        measures.listened_to = true;
        measures.record("a", "", 2.0);
        measures.record("a", "", f64::INFINITY);
        let told: Vec<f64> = measures.take_untold().0.iter().map(|measurement| measurement.value).collect();
        assert_eq!(told, [2.0]);
        assert_eq!(measures.take_untold(), (Vec::new(), 0));
    }
}
