//! Where things stand: lists get the rows they need as far as there are some, charts the rest.

use ratatui::layout::{Constraint, Layout, Rect};

use super::threads;

/// Rows of the charts, at least and at most.
const CHARTS: (u16, u16) = (6, 24);

/// From this width on scenarios and steps stand side by side, and so do rules, errors and threads.
const WIDE: u16 = 160;

/// Below this width the threads' table leaves something out.
const NARROW: u16 = 100;

/// From this height on there is a line between parts.
const AIRY: u16 = 40;

/// Rows that lists would take, heads included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) scenarios: u16,
    pub(super) steps: u16,
    pub(super) rules: u16,
    pub(super) errors: u16,
    pub(super) threads: u16,
}

/// The parts of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Areas {
    pub(super) heading: Rect,
    pub(super) rate: Rect,
    pub(super) response: Rect,
    pub(super) scenarios: Rect,
    pub(super) steps: Rect,
    pub(super) rules: Rect,
    pub(super) errors: Rect,
    pub(super) threads: Rect,
    pub(super) footer: Rect,
}

/// Deals rows: first the least of each, then one to each in turn that wants more.
fn deal<const N: usize>(mut room: u16, least_and_wanted: [(u16, u16); N]) -> [u16; N] {
    let mut dealt = [0; N];
    for (part, (least, wanted)) in dealt.iter_mut().zip(least_and_wanted) {
        *part = least.min(wanted).min(room);
        room -= *part;
    }
    let mut grew = true;
    while room > 0 && grew {
        grew = false;
        for (part, (_, wanted)) in dealt.iter_mut().zip(least_and_wanted) {
            if *part < wanted && room > 0 {
                *part += 1;
                room -= 1;
                grew = true;
            }
        }
    }
    dealt
}

/// Parts a screen.
pub(super) fn areas(screen: Rect, wanted: Wanted) -> Areas {
    let wide = screen.width >= WIDE;
    let gap = u16::from(screen.height >= AIRY);
    let left = if wide { wanted.rules.max(wanted.errors) } else { wanted.rules + wanted.errors };
    let lower = left.max(wanted.threads);
    // On a wide terminal scenarios and steps share their rows.
    let both = wanted.scenarios.max(wanted.steps);
    let (above, below) = if wide { (both, 0) } else { (wanted.scenarios, wanted.steps) };
    let room = screen.height.saturating_sub(2 + 4 * gap);
    let [above, below, lower] = deal(room.saturating_sub(CHARTS.0), [(2, above), (2, below), (4, lower)]);
    let charts = (room - above - below - lower).min(CHARTS.1);
    let length = Constraint::Length;
    let rows = [length(1), length(charts), length(above), length(below), length(lower), Constraint::Fill(1)];
    let [body, footer] = Layout::vertical([Constraint::Fill(1), length(1)]).areas(screen);
    let [heading, charts, above, below, lower, _] = Layout::vertical(rows).spacing(gap).areas(body);
    let [rate, response] = halves(charts);
    let (scenarios, steps) = if wide { halves(above).into() } else { (above, below) };
    let threads = if screen.width >= NARROW { threads::WIDTHS.0 } else { threads::WIDTHS.1 };
    let [left, threads] = Layout::horizontal([Constraint::Fill(1), length(threads)]).spacing(2).areas(lower);
    let [rules, errors] = if wide {
        halves(left)
    } else {
        let [rules, errors] = deal(left.height, [(2, wanted.rules), (2, wanted.errors)]);
        Layout::vertical([length(rules), length(errors)]).areas(left)
    };
    Areas { heading, rate, response, scenarios, steps, rules, errors, threads, footer }
}

fn halves(area: Rect) -> [Rect; 2] {
    Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).areas(area)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_dealt_in_turn_and_none_is_lost() {
        assert_eq!(deal(10, [(2, 3), (2, 9)]), [3, 7]);
        assert_eq!(deal(10, [(2, 30), (2, 30), (4, 3)]), [4, 3, 3]);
        assert_eq!(deal(3, [(2, 30), (2, 30)]), [2, 1]);
        assert_eq!(deal(0, [(2, 30)]), [0]);
    }

    #[test]
    fn no_two_parts_overlap_on_any_screen() {
        let wanted = Wanted { scenarios: 40, steps: 90, rules: 9, errors: 20, threads: 18 };
        for (width, height) in
            [(1, 1), (20, 5), (60, 15), (80, 24), (130, 30), (160, 41), (200, 50), (300, 5)]
        {
            let screen = Rect::new(0, 0, width, height);
            let Areas { heading, rate, response, scenarios, steps, rules, errors, threads, footer } =
                areas(screen, wanted);
            let all = [heading, rate, response, scenarios, steps, rules, errors, threads, footer];
            for (index, one) in all.iter().enumerate() {
                assert_eq!(
                    screen.intersection(*one).area(),
                    one.area(),
                    "{width}x{height}: {one} is outside"
                );
                for other in &all[index + 1..] {
                    assert_eq!(one.intersection(*other).area(), 0, "{width}x{height}: {one} and {other}");
                }
            }
        }
    }
}
