//! Keys and what they ask of the run.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use throng_components::control::{Command, Factor};
use throng_components::scenario::ScenarioId;
use throng_systems::live_control::{Controller, NotTaken};

use super::figures::Figures;

/// How much of the plan one key press adds or takes away.
const STEP_PERCENT: i32 = 10;

/// Rows that a page key scrolls steps by.
const PAGE: usize = 5;

/// For how many tellings of the world something that was asked, or said, is kept in view: two a second.
const KEPT: u64 = 6;

/// What a person at the keys has chosen and asked.
#[derive(Debug, Default)]
pub(super) struct Controls {
    chosen: usize,
    first_step: usize,
    /// Whether the help is open.
    pub(super) help: bool,
    /// Whether the view asks if the run is really to be stopped.
    pub(super) asks_to_stop: bool,
    /// The factor last asked for, of which scenario, and when: the world tells it a moment later.
    asked: Option<(usize, Factor, u64)>,
    /// Whether a pause was last asked for or its end, and when.
    asked_pause: Option<(bool, u64)>,
    said: Option<(String, u64)>,
    /// How often a stop was asked for.
    stops: u32,
}

impl Controls {
    /// The chosen scenario.
    pub(super) fn chosen(&self) -> usize {
        self.chosen
    }

    /// The first step in sight.
    pub(super) fn first_step(&self) -> usize {
        self.first_step
    }

    /// What was last asked, while it is new.
    pub(super) fn said(&self, figures: &Figures) -> Option<&str> {
        let (text, told) = self.said.as_ref()?;
        (figures.told < told + KEPT).then_some(text.as_str())
    }

    /// Takes a key press.
    pub(super) fn press(&mut self, key: KeyEvent, figures: &Figures, controller: &Controller) {
        if let Some(command) = self.command(key, figures) {
            let said = match controller.give(command) {
                Ok(()) => describe(command, figures, self.stops),
                Err(NotTaken::Busy) => "too many commands at once: try again".to_owned(),
                Err(NotTaken::Over) => "the run is over".to_owned(),
            };
            self.said = Some((said, figures.told));
        }
    }

    fn command(&mut self, key: KeyEvent, figures: &Figures) -> Option<Command> {
        let interrupts = key.modifiers.contains(KeyModifiers::CONTROL) && key.code == KeyCode::Char('c');
        if std::mem::take(&mut self.asks_to_stop) {
            let yes = interrupts || matches!(key.code, KeyCode::Char('y' | 'q' | 's') | KeyCode::Enter);
            return yes.then(|| self.stop());
        }
        if interrupts {
            return Some(self.stop());
        }
        if std::mem::take(&mut self.help) {
            return None;
        }
        let scenarios = figures.subject.scenarios.len().max(1);
        match key.code {
            KeyCode::Char(' ') => return Some(self.pause_or_resume(figures)),
            KeyCode::Char('+' | '=') => return self.scale(figures, STEP_PERCENT),
            KeyCode::Char('-' | '_') => return self.scale(figures, -STEP_PERCENT),
            KeyCode::Char('s') => return Some(self.stop()),
            KeyCode::Char('q') => self.asks_to_stop = true,
            KeyCode::Char('?' | 'h') => self.help = true,
            KeyCode::Down | KeyCode::Tab => self.chosen = (self.chosen + 1) % scenarios,
            KeyCode::Up | KeyCode::BackTab => self.chosen = (self.chosen + scenarios - 1) % scenarios,
            KeyCode::PageDown => {
                self.first_step = (self.first_step + PAGE).min(figures.subject.steps.len().saturating_sub(1));
            }
            KeyCode::PageUp => self.first_step = self.first_step.saturating_sub(PAGE),
            _ => {}
        }
        None
    }

    fn stop(&mut self) -> Command {
        self.stops += 1;
        Command::Stop
    }

    fn pause_or_resume(&mut self, figures: &Figures) -> Command {
        let asked = self.asked_pause.filter(|(_, told)| figures.told < told + KEPT);
        let pauses = !asked.map_or(figures.standing.paused, |(pause, _)| pause);
        self.asked_pause = Some((pauses, figures.told));
        if pauses { Command::Pause } else { Command::Resume }
    }

    fn scale(&mut self, figures: &Figures, percent: i32) -> Option<Command> {
        let now = figures.standing.scenarios.get(self.chosen)?;
        let asked = self.asked.filter(|(of, _, told)| *of == self.chosen && figures.told < told + KEPT);
        let before = asked.map_or(now.factor, |(_, factor, _)| factor);
        let factor = before.changed_by_percent(percent);
        self.asked = Some((self.chosen, factor, figures.told));
        let scenario = ScenarioId(u16::try_from(self.chosen).ok()?);
        Some(Command::Scale { scenario, factor })
    }
}

fn describe(command: Command, figures: &Figures, stops: u32) -> String {
    match command {
        Command::Pause => "pause: nothing new begins, the plan stands still".to_owned(),
        Command::Resume => "resume: the plan plays on".to_owned(),
        Command::Stop if stops > 1 => "cut: what still runs is ended".to_owned(),
        Command::Stop => "stop: what runs may end; once more cuts it".to_owned(),
        Command::Scale { scenario, factor } => {
            let name = figures.subject.scenarios.get(scenario.index()).map_or("", String::as_str);
            format!("{name}: {factor} of the plan")
        }
    }
}

#[cfg(test)]
mod tests {
    use throng_systems::live_control;
    use throng_systems::live_view::ScenarioNow;

    use super::*;
    use crate::cli::terminal_view::subject::Subject;

    fn figures() -> Figures {
        let scenarios = vec!["crowd".to_owned(), "crew".to_owned()];
        let mut figures = Figures::new(Subject { scenarios, ..Subject::default() });
        figures.standing.scenarios = vec![ScenarioNow::default(); 2];
        figures
    }

    /// Presses keys one after the other; gives what was asked and what is said at the end.
    fn press(keys: &[KeyCode], figures: &Figures) -> (Vec<Command>, Option<String>) {
        let (controller, commands) = live_control::channel();
        let mut controls = Controls::default();
        let given = keys.iter().filter_map(|key| {
            controls.press(KeyEvent::from(*key), figures, &controller);
            commands.next_given()
        });
        let given = given.collect();
        (given, controls.said(figures).map(str::to_owned))
    }

    fn scale(scenario: u16, percent: i32) -> Command {
        Command::Scale {
            scenario: ScenarioId(scenario),
            factor: Factor::ONE.changed_by_percent(percent - 100),
        }
    }

    #[test]
    fn keys_scale_the_chosen_scenario_step_by_step() {
        let keys =
            [KeyCode::Char('+'), KeyCode::Char('+'), KeyCode::Down, KeyCode::Char('-'), KeyCode::Char('-')];
        let (given, said) = press(&keys, &figures());
        assert_eq!(given, [scale(0, 110), scale(0, 120), scale(1, 90), scale(1, 80)]);
        assert_eq!(said.as_deref(), Some("crew: 80% of the plan"));
    }

    #[test]
    fn space_pauses_and_resumes() {
        let mut figures = figures();
        assert_eq!(press(&[KeyCode::Char(' ')], &figures).0, [Command::Pause]);
        figures.standing.paused = true;
        assert_eq!(press(&[KeyCode::Char(' ')], &figures).0, [Command::Resume]);
        // Twice in a moment: the world has not told of the first yet.
        assert_eq!(press(&[KeyCode::Char(' '); 2], &figures).0, [Command::Resume, Command::Pause]);
    }

    #[test]
    fn a_stop_by_q_is_asked_about() {
        let check = |keys: &[KeyCode], stops: usize| {
            assert_eq!(press(keys, &figures()).0, vec![Command::Stop; stops], "{keys:?}");
        };
        check(&[KeyCode::Char('q')], 0);
        check(&[KeyCode::Char('q'), KeyCode::Esc], 0);
        check(&[KeyCode::Char('q'), KeyCode::Char('y')], 1);
        check(&[KeyCode::Char('s'), KeyCode::Char('s')], 2);
        // The help goes with any key, which then asks for nothing else.
        check(&[KeyCode::Char('?'), KeyCode::Char('s')], 0);
    }
}
