//! How values fared over the run, in a bounded number of stretches of time.
//!
//! ```text
//! 8 ms    │▪│▪│▪│▪│▪│▪│▪│ … 512 of them
//! 17 ms   │ ▪ │ ▪ │ ▪ │ ▪ │ …              when the run lasts longer: two become one
//! ```

use serde::{Deserialize, Serialize};

use crate::clock::Nanos;

/// Cells kept, at most: an even number. A series takes 12 KB.
const MOST: usize = 512;

/// The first cells' length is two to this, in nanoseconds: 8.4 ms.
const FIRST_BITS: u32 = 23;

/// What fell into one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// Values.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

/// Values by the instant at which they came up: sums of equal stretches of time, from the run's start on.
///
/// Two are merged without loss, whatever the order in which their values came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeSeries {
    /// A cell's length is two to this, in nanoseconds.
    bits: u32,
    cells: Vec<Cell>,
}

impl Default for TimeSeries {
    fn default() -> Self {
        Self { bits: FIRST_BITS, cells: Vec::new() }
    }
}

impl TimeSeries {
    /// Adds a value that came up at an instant.
    #[inline]
    pub fn record(&mut self, at: Nanos, value: f64) {
        let place = usize::try_from(at.0 >> self.bits).unwrap_or(usize::MAX);
        match self.cells.get_mut(place) {
            Some(cell) => {
                cell.count += 1;
                cell.sum += value;
                cell.squares += value * value;
            }
            None => self.record_beyond(at, value),
        }
    }

    /// Makes room for the first value of a cell.
    #[cold]
    #[inline(never)]
    fn record_beyond(&mut self, at: Nanos, value: f64) {
        while (at.0 >> self.bits) >= MOST as u64 {
            self.halve();
        }
        let place = usize::try_from(at.0 >> self.bits).unwrap_or(MOST - 1);
        if self.cells.len() <= place {
            self.cells.resize(place + 1, Cell::default());
        }
        self.cells[place].count += 1;
        self.cells[place].sum += value;
        self.cells[place].squares += value * value;
    }

    /// Makes one cell of two.
    fn halve(&mut self) {
        let both = |pair: &[Cell]| Cell {
            count: pair.iter().map(|cell| cell.count).sum(),
            sum: pair.iter().map(|cell| cell.sum).sum(),
            squares: pair.iter().map(|cell| cell.squares).sum(),
        };
        self.cells = self.cells.chunks(2).map(both).collect();
        self.bits += 1;
    }

    /// Adds all of another's.
    pub fn merge(&mut self, other: &Self) {
        let mut other = other.clone();
        while self.bits < other.bits {
            self.halve();
        }
        while other.bits < self.bits {
            other.halve();
        }
        if self.cells.len() < other.cells.len() {
            self.cells.resize(other.cells.len(), Cell::default());
        }
        for (cell, more) in self.cells.iter_mut().zip(&other.cells) {
            cell.count += more.count;
            cell.sum += more.sum;
            cell.squares += more.squares;
        }
    }

    /// How long each cell is.
    pub fn cell_length(&self) -> Nanos {
        Nanos(1 << self.bits)
    }

    /// All cells from the run's start on, empty ones too.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = (u64, u64)>) -> TimeSeries {
        let mut series = TimeSeries::default();
        values
            .into_iter()
            .for_each(|(millis, value)| series.record(Nanos::from_millis(millis), value as f64));
        series
    }

    #[test]
    fn nothing_is_lost_and_cells_stay_few() {
        let series = of((0..100_000).map(|millis| (millis, millis % 7)));
        assert!(series.cells().len() <= MOST && series.cells().len() > MOST / 2 - 2);
        assert_eq!(series.cells().iter().map(|cell| cell.count).sum::<u64>(), 100_000);
        let sum: f64 = series.cells().iter().map(|cell| cell.sum).sum();
        assert!((sum - (0..100_000_u64).map(|millis| millis % 7).sum::<u64>() as f64).abs() < 1e-6);
        assert_eq!(series.cell_length(), Nanos(1 << 28));
    }

    #[test]
    fn a_value_stands_where_it_came_up() {
        let series = of([(0, 3), (9, 5), (9, 6)]);
        assert_eq!(
            series.cells(),
            [Cell { count: 1, sum: 3.0, squares: 9.0 }, Cell { count: 2, sum: 11.0, squares: 61.0 }]
        );
        let late = of([(u64::MAX / 1_000_000, 1)]);
        assert!(
            late.cells().len() <= MOST
                && late.cells().last() == Some(&Cell { count: 1, sum: 1.0, squares: 1.0 })
        );
    }

    #[test]
    fn merging_equals_recording_together_in_any_order() {
        let (early, late) = ((0..900).map(|at| (at, at)), (0..500).map(|at| (at * 40, at)));
        let all = of(early.clone().chain(late.clone()));
        for (first, second) in [(of(early.clone()), of(late.clone())), (of(late), of(early))] {
            let mut merged = first;
            merged.merge(&second);
            assert_eq!(merged, all);
        }
    }
}
