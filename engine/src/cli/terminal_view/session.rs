//! A view at work: its threads, from the first picture to the last.

use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::RecvTimeoutError;
use ratatui::crossterm::event::{Event, KeyEventKind, poll, read};
use throng_components::clock::Nanos;
use throng_systems::live_control::{Commands, Controller, channel};
use throng_systems::live_view::{LiveView, ViewFeed};

use super::controls::Controls;
use super::figures::Figures;
use super::palette::Palette;
use super::subject::Subject;
use super::{screen, terminal};

/// How often the world tells how the run stands: a picture twice a second is as much as a person reads.
const EVERY: Nanos = Nanos::from_millis(500);

/// How long threads wait for something before they look whether all is over.
const IDLE: Duration = Duration::from_millis(50);

/// How long results that go elsewhere wait for a terminal that takes nothing.
const CLOSING: Duration = Duration::from_secs(2);

/// How long the process waits for such a terminal when all else is done.
const LAST: Duration = Duration::from_secs(10);

/// A view's threads.
pub(in crate::cli) struct Session {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Session {
    /// Takes the terminal over and shows the run; gives the ends of it that the run takes.
    ///
    /// # Errors
    /// When the terminal cannot be taken over, or there is no thread.
    pub(in crate::cli) fn open(subject: Subject, colour: bool) -> io::Result<(Self, Commands, LiveView)> {
        let (controller, commands) = channel();
        let (view, feed) = LiveView::open(EVERY);
        let over = Arc::new(AtomicBool::new(false));
        let figures = Arc::new(Mutex::new(Figures::new(subject)));
        let mut session = Self { over: Arc::clone(&over), threads: Vec::new() };
        let gatherer = Gatherer { feed, figures: Arc::clone(&figures), over: Arc::clone(&over) };
        session.spawn("view", move || gatherer.work())?;
        let screen = terminal::take()?;
        let palette = Palette(colour);
        let drawer =
            Drawer { screen, figures, controls: Controls::default(), controller, palette, over, told: None };
        session.spawn("screen", move || drawer.work()).inspect_err(|_| terminal::give_back())?;
        Ok((session, commands, view))
    }

    fn spawn(&mut self, name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(std::thread::Builder::new().name(name.to_owned()).spawn(work)?);
        Ok(())
    }
}

impl Session {
    /// Ends the view and gives the terminal back, so that results can be printed.
    ///
    /// A terminal that takes nothing at present holds results that go to it in any case, and has to be waited for: what is
    /// printed on a view's screen goes with it. Results that go elsewhere are not held up.
    pub(in crate::cli) fn close(&mut self) {
        let patience = if io::stdout().is_terminal() { Duration::MAX } else { CLOSING };
        self.end_within(patience);
    }

    /// Whether all threads have ended in time.
    fn end_within(&mut self, mut patience: Duration) -> bool {
        self.over.store(true, Ordering::SeqCst);
        let look = Duration::from_millis(5);
        while self.threads.iter().any(|thread| !thread.is_finished()) {
            if patience < look {
                return false;
            }
            std::thread::park_timeout(look);
            patience -= look;
        }
        terminal::give_back();
        true
    }
}

impl Drop for Session {
    /// Waits a last time for a terminal that took nothing so far, and leaves it at least in its own mode.
    fn drop(&mut self) {
        if !self.end_within(LAST) {
            terminal::give_back_mode();
        }
    }
}

/// Takes in what the world tells.
struct Gatherer {
    feed: ViewFeed,
    figures: Arc<Mutex<Figures>>,
    over: Arc<AtomicBool>,
}

impl Gatherer {
    fn work(self) {
        while !self.over.load(Ordering::SeqCst) {
            match self.feed.events.recv_timeout(IDLE) {
                Ok(event) => {
                    let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
                    figures.missed = self.feed.missed();
                    figures.take(event);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// Draws, and reads keys.
struct Drawer {
    screen: terminal::Screen,
    figures: Arc<Mutex<Figures>>,
    controls: Controls,
    controller: Controller,
    palette: Palette,
    over: Arc<AtomicBool>,
    /// What was drawn last: how often the world had told.
    told: Option<u64>,
}

impl Drawer {
    /// Until the run is over, or the terminal has gone away, or a panic has taken it.
    fn work(mut self) {
        while !self.over.load(Ordering::SeqCst) && terminal::is_taken() {
            if self.draw().and_then(|()| self.take_keys()).is_err() {
                break;
            }
        }
        terminal::give_back();
    }

    /// Draws what is new. The figures are held while the picture is made and free while it is written.
    fn draw(&mut self) -> io::Result<()> {
        let told = self.figures.lock().unwrap_or_else(PoisonError::into_inner).told;
        if self.told.replace(told) == Some(told) {
            return Ok(());
        }
        let Self { screen, figures, controls, palette, .. } = self;
        screen.draw(|frame| {
            let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
            screen::draw(frame, &figures, controls, *palette);
        })?;
        Ok(())
    }

    /// Waits a moment for keys and takes all that have come.
    fn take_keys(&mut self) -> io::Result<()> {
        let mut wait = IDLE;
        while poll(wait)? {
            wait = Duration::ZERO;
            if let Event::Key(key) = read()?
                && key.kind == KeyEventKind::Press
            {
                let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
                self.controls.press(key, &figures, &self.controller);
            }
            self.told = None;
        }
        Ok(())
    }
}
