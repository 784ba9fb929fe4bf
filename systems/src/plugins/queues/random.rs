//! Served by lot: `queue random limit=100`.

use std::collections::VecDeque;

use throng_components::seed::below;
use throng_components::workload::{Fields, NodeSpec};

use super::{Discipline, DisciplineKind, LIMIT, Line, Waiting, row};

/// Each of those that wait is as likely as the others to be served next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Random;

impl DisciplineKind for Random {
    const SPEC: NodeSpec = NodeSpec {
        name: "random",
        summary: "Serves any of the requests that wait, each as likely as the others.",
        sample: "queue random limit=100",
        properties: &[LIMIT],
        ..NodeSpec::EMPTY
    };

    fn read(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }
}

impl Discipline for Random {
    fn line(&self) -> Line {
        row::line(by_lot)
    }
}

/// Takes any of those that wait, by the lot of the last one.
///
/// A lot drawn once for each request would be a priority, by which those with a bad one are passed over again and again. So
/// the lot leaves with its bearer or is spent on another: each is used once.
fn by_lot(waiting: &mut VecDeque<Waiting>) -> Option<Waiting> {
    let last = waiting.back_mut()?;
    let lot = last.lot;
    last.lot = lot.rotate_left(17).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (lot >> 31);
    let place = usize::try_from(below(lot, waiting.len() as u64)).unwrap_or(0);
    waiting.swap_remove_back(place)
}

#[cfg(test)]
mod tests {
    use throng_components::seed::{Purpose, draw};

    use super::*;

    #[test]
    fn each_is_as_likely_as_the_others() {
        let mut served = [[0_u32; 4]; 4];
        for round in 0..10_000_u64 {
            let Line::Queue(mut queue) = Random.line() else { unreachable!("it has one") };
            for job in 0..4_u32 {
                let lot = draw(round, Purpose::BEHAVIOR, job.into());
                queue.push(Waiting { job, rank: 0, lot });
            }
            for turn in &mut served {
                let job = queue.pop().expect("one is left");
                turn[job as usize] += 1;
            }
        }
        // 2,500 of each in each turn; a standard deviation is 43, and four of them are 173.
        assert!(served.iter().flatten().all(|count| count.abs_diff(2_500) < 173), "{served:?}");
    }
}
