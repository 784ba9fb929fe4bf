//! Colours, only where they are wanted. None carries a meaning that the text has not.

use ratatui::style::{Color, Modifier, Style};

/// A section's name.
pub(super) const TITLE: Style = Style::new().add_modifier(Modifier::BOLD);

/// What stands beside figures: heads of columns, axes.
pub(super) const QUIET: Style = Style::new().add_modifier(Modifier::DIM);

/// What is chosen.
pub(super) const CHOSEN: Style = Style::new().add_modifier(Modifier::REVERSED);

/// Whether to colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Palette(pub(super) bool);

impl Palette {
    fn coloured(self, colour: Color) -> Style {
        if self.0 { Style::new().fg(colour) } else { Style::new() }
    }

    /// All is well; what was begun; the median.
    pub(super) fn good(self) -> Style {
        self.coloured(Color::Green)
    }

    /// Worth a look; what was asked for; p99.
    pub(super) fn notable(self) -> Style {
        self.coloured(Color::Yellow)
    }

    /// Not as it should be; p99.9.
    pub(super) fn bad(self) -> Style {
        self.coloured(Color::Red)
    }
}
