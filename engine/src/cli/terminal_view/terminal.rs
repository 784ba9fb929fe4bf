//! The terminal: taken over for a view, and given back however the view ends.

use std::io::{self, BufWriter, IsTerminal, Stderr, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use crate::cli::is_dumb;

/// Whether the terminal is a view's now. One a process, as is the terminal.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal on standard error: standard output is for the results and may go elsewhere. Buffered, so that a picture
/// is one write.
pub(super) type Screen = Terminal<CrosstermBackend<BufWriter<Stderr>>>;

/// Why there can be no view.
pub(in crate::cli) fn check_terminal() -> Result<(), String> {
    let dumb = is_dumb();
    if io::stdin().is_terminal() && io::stderr().is_terminal() && !dumb {
        return Ok(());
    }
    let why = if dumb {
        "TERM names none that can be drawn on"
    } else {
        "standard input and standard error are none"
    };
    Err(format!(
        "`--tui` needs a terminal, and {why}: leave it out, and a line a second says how the run fares"
    ))
}

/// Takes the terminal over. A panic gives it back before it is told of.
pub(super) fn take() -> io::Result<Screen> {
    let mut output = BufWriter::with_capacity(1 << 16, io::stderr());
    TAKEN.store(true, Ordering::SeqCst);
    let previous = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        give_back();
        previous(panic);
    }));
    let taken = enable_raw_mode().and_then(|()| execute!(output, EnterAlternateScreen));
    let screen = taken.and_then(|()| Terminal::new(CrosstermBackend::new(output)));
    if screen.is_err() {
        give_back();
    }
    screen
}

/// Whether it is still the view's.
pub(super) fn is_taken() -> bool {
    TAKEN.load(Ordering::SeqCst)
}

/// Gives the terminal back as it was, once.
pub(super) fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        // There is nobody to tell of a terminal that has gone away.
        let _ = disable_raw_mode();
        let mut output = io::stderr();
        let _ = execute!(output, LeaveAlternateScreen, Show);
        let _ = output.flush();
    }
}

/// Gives back what can be given back to a terminal that takes nothing that is written: its mode.
pub(super) fn give_back_mode() {
    let _ = disable_raw_mode();
}
