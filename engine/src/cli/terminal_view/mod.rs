//! `throng run FILE --tui`: the run on a whole terminal, and its controls.
//!
//! ```text
//!  the world ──► bounded queue ──► gatherer ──► Figures ◄── drawer ──► terminal
//!      ▲                                                       │
//!      └────────── bounded queue ◄──────── commands ◄── keys ──┘
//! ```
//!
//! Two threads of its own. The gatherer takes what the world tells and keeps figures of bounded size; the drawer shows
//! them and reads keys. A terminal that does not take what is written holds the drawer and nobody else.

mod cells;
mod charts;
mod controls;
mod errors;
mod figures;
mod footer;
mod heading;
mod help;
mod history;
mod layout;
mod palette;
mod rules;
mod scenarios;
mod screen;
mod session;
mod steps;
mod subject;
mod terminal;
#[cfg(test)]
mod tests;
mod threads;

pub(super) use session::Session;
pub(super) use subject::Subject;
pub(super) use terminal::check_terminal;
