//! Terminal colours, only where they were asked for.

/// The three colours that mean something here.
#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    /// All is well.
    Green,
    /// Worth a look.
    Yellow,
    /// Not as it should be.
    Red,
}

/// Whether to colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paint(pub(super) bool);

impl Paint {
    fn wrapped(self, code: &str, text: &str) -> String {
        if self.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    /// Bold text.
    pub(super) fn bold(self, text: &str) -> String {
        self.wrapped("1", text)
    }

    /// Text in a colour, which never carries a meaning that the text has not.
    pub(super) fn coloured(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Green => "32",
            Colour::Yellow => "33",
            Colour::Red => "31",
        };
        self.wrapped(code, text)
    }
}
