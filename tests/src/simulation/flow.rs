//! Steps that say where to go on: drawn last, so that what was drawn before them stays as it is for every seed.

use super::Dice;
use super::law::draw_law;

/// What a drawn stretch of steps uses, for checkers that look at it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Several strands at one time.
    pub parallel: bool,
}

/// Draws steps of one scenario.
pub(super) struct Flow<'a> {
    pub(super) dice: &'a mut Dice,
    /// The scenario's name, in front of all names.
    pub(super) name: &'a str,
    pub(super) uses: Uses,
    /// Whether what is drawn runs beside other steps.
    beside: bool,
}

impl<'a> Flow<'a> {
    pub(super) fn new(dice: &'a mut Dice, name: &'a str) -> Self {
        Self { dice, name, uses: Uses::default(), beside: false }
    }

    /// One to three steps.
    pub(super) fn steps(&mut self, depth: u64) -> String {
        let count = self.dice.between(1, 3);
        (0..count).map(|_| self.step(depth)).collect::<Vec<_>>().join("; ")
    }

    fn step(&mut self, depth: u64) -> String {
        match self.dice.between(1, if depth < 3 { 13 } else { 5 }) {
            1 | 2 => format!("http GET \"/${{n}}\" name={}-h{}", self.name, self.dice.between(1, 3)),
            3 => format!("noop name={}-noop", self.name),
            4 => format!("think {}", draw_law(self.dice, 40)),
            5 | 6 => self.retried(),
            7 => self.when(depth),
            8 => {
                let steps = self.steps(depth + 1);
                let (below, most) = (self.dice.between(0, 4), self.dice.between(1, 4));
                format!(
                    "set r 0; while \"${{r < {below}}}\" at-most={most} {{ set r \"${{r + 1}}\"; {steps} }}"
                )
            }
            9 | 10 => {
                let number = self.dice.between(1, 2);
                let steps = self.steps(depth + 1);
                format!("group {}-g{number} {{ {steps} }}", self.name)
            }
            11 => format!("call {}-called", self.name),
            12 => {
                let what = match self.dice.between(1, 100) {
                    1..=3 => " scenario",
                    4..=30 => " user",
                    _ => "",
                };
                let weight = self.dice.between(5, 40);
                format!(
                    "choose {{ branch {{ stop{what} }}; branch weight={weight} {{ {} }} }}",
                    self.steps(depth + 1)
                )
            }
            _ if self.beside => self.retried(),
            _ => self.parallel(depth),
        }
    }

    fn retried(&mut self) -> String {
        let dice = &mut *self.dice;
        let times = dice.between(1, 4);
        let on = dice.pick(&["", " on=\"5xx\"", " on=\"5xx timeout service_full\"", " on=\"500\""]);
        let jitter = dice.pick(&["", " jitter=\"20%\"", " jitter=\"100%\""]);
        let backoff = dice.between(0, 20);
        format!(
            "http GET \"/${{n}}\" name={}-h{} {{ retry {times} backoff=\"{backoff}ms\" factor={} most=\"60ms\"{jitter}{on} }}",
            self.name,
            dice.between(4, 5),
            dice.pick(&["1", "1.5", "2"]),
        )
    }

    fn when(&mut self, depth: u64) -> String {
        let above = self.dice.between(0, 3);
        let mut ways = vec![format!("when \"${{n > {above}}}\" {{ {} }}", self.steps(depth + 1))];
        if self.dice.chance(30) {
            let equal = self.dice.between(0, 2);
            ways.push(format!("else when=\"${{n == {equal}}}\" {{ {} }}", self.steps(depth + 1)));
        }
        if self.dice.chance(60) {
            ways.push(format!("else {{ {} }}", self.steps(depth + 1)));
        }
        ways.join("; ")
    }

    fn parallel(&mut self, depth: u64) -> String {
        self.beside = true;
        self.uses.parallel = true;
        let count = self.dice.between(1, 5);
        let parts = (0..count).map(|_| {
            if self.dice.chance(60) {
                format!("branch {{ {} }}", self.steps(depth + 1))
            } else {
                self.retried()
            }
        });
        let text = format!("parallel {{ {} }}", parts.collect::<Vec<_>>().join("; "));
        self.beside = false;
        text
    }
}
