//! How far a sweep is, on standard error.

use std::io::Write;

use throng_components::clock::{Nanos, TimeSource};

use crate::clock::RealClock;

/// Between two lines where no line can be written anew.
const BETWEEN_LINES: Nanos = Nanos(10_000_000_000);
/// Between two changes of one line: what a person can read.
const BETWEEN_CHANGES: Nanos = Nanos(200_000_000);

/// Runs that are done, of all.
pub(super) struct Progress {
    clock: RealClock,
    /// Those that were done before.
    before: usize,
    done: usize,
    missing: usize,
    /// Whether the last line can be written anew.
    terminal: bool,
    quiet: bool,
    /// When something was shown last.
    shown_at: Nanos,
    /// Whether a line stands there that has not ended.
    open: bool,
}

impl Progress {
    pub(super) fn new(before: usize, missing: usize, terminal: bool, quiet: bool) -> Self {
        let clock = RealClock::new();
        clock.start_in(Nanos::ZERO);
        Self { clock, before, done: 0, missing, terminal, quiet, shown_at: Nanos::ZERO, open: false }
    }

    /// Counts a run.
    pub(super) fn one_more(&mut self) {
        self.done += 1;
    }

    /// Shows how things stand, when it is time to.
    pub(super) fn show(&mut self) {
        let now = self.clock.now();
        let pause = if self.terminal { BETWEEN_CHANGES } else { BETWEEN_LINES };
        if self.quiet || now - self.shown_at < pause {
            return;
        }
        self.shown_at = now;
        let line = line(self.before, self.done, self.missing, now);
        let mut stderr = std::io::stderr().lock();
        // Nobody can be told when standard error is gone.
        let _ = if self.terminal {
            write!(stderr, "\r{line}\x1b[K").and_then(|()| stderr.flush())
        } else {
            writeln!(stderr, "{line}")
        };
        self.open = self.terminal;
    }

    /// Takes the line away, so that something else can be said.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.open) {
            let _ = write!(std::io::stderr().lock(), "\r\x1b[K");
        }
    }

    /// Says what an interrupt does.
    pub(super) fn interrupted(&mut self) {
        self.clear();
        if !self.quiet {
            let said = "the sweep ends after the runs that are under way; another Ctrl-C cuts them";
            let _ = writeln!(std::io::stderr().lock(), "{said}");
        }
    }
}

/// The line: `12 of 48 runs, about 0:35 left`.
fn line(before: usize, done: usize, missing: usize, passed: Nanos) -> String {
    let all = format!("{} of {} runs", before + done, before + missing);
    let left = missing.saturating_sub(done);
    if done == 0 || left == 0 {
        return all;
    }
    let seconds = passed.as_secs_f64() / done as f64 * left as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "float casts saturate")]
    let seconds = seconds.ceil() as u64;
    match seconds {
        0..3_600 => format!("{all}, about {}:{:02} left", seconds / 60, seconds % 60),
        _ => format!("{all}, about {}:{:02}:{:02} left", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_that_of_the_runs_left() {
        let check = |(before, done, missing): (usize, usize, usize), seconds: u64, expected: &str| {
            assert_eq!(line(before, done, missing, Nanos(seconds * 1_000_000_000)), expected);
        };
        check((0, 0, 48), 3, "0 of 48 runs");
        check((0, 12, 48), 12, "12 of 48 runs, about 0:36 left");
        check((40, 4, 8), 90, "44 of 48 runs, about 1:30 left");
        check((0, 1, 100), 100, "1 of 100 runs, about 2:45:00 left");
        check((0, 48, 48), 9, "48 of 48 runs");
    }
}
