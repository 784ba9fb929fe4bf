//! Options drawn from one seed, and the workload they make.

use std::fmt::{self, Display, Formatter};

use super::flow::{Flow, Uses};
use super::law::draw_law;
use super::model::{ModelPlan, ServicePlan};
use super::{Case, Dice, Shape};

/// A whole workload.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its own seed, and the workload's.
    pub seed: u64,
    /// The tick in microseconds.
    pub tick: u64,
    /// How many ticks tokens are planned ahead.
    pub look_ahead: u64,
    /// `--duration` in milliseconds.
    pub duration: Option<u64>,
    /// What answers.
    pub service: ServicePlan,
    /// What users do, in KDL, one a scenario.
    pub behaviors: Vec<String>,
    /// What these call, in KDL, one a scenario; empty where they call nothing.
    pub called: Vec<String>,
    /// What their steps use.
    pub uses: Uses,
    /// Who does it.
    pub scenarios: Vec<ScenarioPlan>,
    /// What ends it.
    pub stop_rules: Vec<StopRule>,
}

/// One scenario.
#[derive(Clone, Debug)]
pub struct ScenarioPlan {
    /// Its name.
    pub name: String,
    /// What it plays.
    pub load: Load,
    /// Milliseconds.
    pub delay: u64,
    /// Milliseconds.
    pub warm_up: u64,
    /// Milliseconds.
    pub drain: u64,
    /// At most so many iterations.
    pub iterations: Option<u64>,
    /// Whether its first failure ends an iteration.
    pub stop_on_failure: bool,
}

/// Open or closed.
#[derive(Clone, Debug)]
pub enum Load {
    /// Arrivals.
    Open {
        /// Whether they are even.
        even: bool,
        /// Their rate, in tenths of one a second.
        shape: Shape,
        /// Users at the start, and at most.
        users: (u64, u64),
        /// Whether a token makes a user when it finds none.
        on_demand: bool,
        /// What becomes of a token without a user.
        overflow: OverflowPlan,
    },
    /// Users that repeat.
    Closed {
        /// How many, in tenths.
        shape: Shape,
        /// Start to start, in milliseconds.
        pace: Option<u64>,
    },
}

/// What becomes of a token without a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverflowPlan {
    /// It is dropped.
    Drop,
    /// It waits.
    Queue {
        /// How many may wait; `None` for any number.
        limit: Option<u64>,
        /// How long, in milliseconds.
        timeout: Option<u64>,
    },
}

/// A rule of `stop-when`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopRule {
    /// After so many milliseconds.
    Elapsed(u64),
    /// After more than so many failed steps.
    Failures(u64),
    /// Any other rule, in KDL.
    Other(String),
}

impl StopRule {
    /// When it ended the run, where the log tells; and whether things at that instant still happened.
    pub(super) fn instant(&self, case: &Case) -> Option<(u64, bool)> {
        match self {
            Self::Elapsed(millis) => Some((millis * 1_000_000, false)),
            Self::Failures(above) => {
                let failed = case.observed.steps().filter(|step| {
                    !step.error.is_empty() && case.plan.scenarios.iter().all(|scenario| scenario.warm_up == 0)
                });
                failed.map(|step| (step.ended, true)).nth(usize::try_from(*above).ok()?)
            }
            Self::Other(_) => None,
        }
    }
}

impl Display for StopRule {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elapsed(millis) => write!(f, "elapsed \"{millis}ms\""),
            Self::Failures(above) => write!(f, "failures above={above}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl Plan {
    /// The workload of a seed.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let count = if dice.chance(40) { 2 } else { 1 };
        let endless = dice.chance(10);
        let scenarios: Vec<_> =
            (0..count).map(|number| ScenarioPlan::draw(&mut dice, number, endless)).collect();
        let behaviors = scenarios.iter().map(|scenario| draw_behavior(&mut dice, scenario)).collect();
        let mut stop_rules = draw_rules(&mut dice);
        if endless {
            stop_rules.push(StopRule::Elapsed(dice.between(1, 40) * 100));
        }
        let mut plan = Self {
            seed,
            tick: dice.pick(&[500, 1_000, 3_700, 10_000, 10_000, 50_000]),
            look_ahead: dice.pick(&[1, 2, 2, 2, 5]),
            duration: dice.chance(15).then(|| dice.between(1, 500) * 10),
            service: ServicePlan::draw(&mut dice),
            behaviors,
            called: Vec::new(),
            uses: Uses::default(),
            scenarios,
            stop_rules,
        };
        plan.draw_flow(&mut dice);
        plan.service.model = ModelPlan::draw(&mut dice);
        plan
    }

    /// Adds steps that say where to go on. Drawn last: what a seed gave before there were any, it still gives.
    fn draw_flow(&mut self, dice: &mut Dice) {
        for (scenario, behavior) in self.scenarios.iter().zip(&mut self.behaviors) {
            if dice.chance(35) {
                self.called.push(String::new());
                continue;
            }
            let mut flow = Flow::new(dice, &scenario.name);
            let steps = flow.steps(0);
            self.uses.parallel |= flow.uses.parallel;
            // What is called reads a variable of its caller; without one nobody would set it.
            let is_called = steps.contains("call ");
            let think = draw_law(dice, 20);
            let called = format!("http GET \"/${{n}}\" name={}-h6; think {think}", scenario.name);
            self.called.push(if is_called { called } else { String::new() });
            behavior.push_str("; ");
            behavior.push_str(&steps);
        }
    }
}

impl ScenarioPlan {
    fn draw(dice: &mut Dice, number: u64, endless: bool) -> Self {
        let open = dice.chance(60);
        let load = if open {
            let on_demand = dice.chance(85);
            let min = if on_demand { dice.between(0, 5) } else { dice.between(1, 20) };
            let more = if on_demand { dice.pick(&[0, 1, 5, 100]) } else { 0 };
            Load::Open {
                even: dice.chance(50),
                shape: Shape::draw(dice, 600, 7, endless),
                users: (min, (min + more).max(1)),
                on_demand,
                overflow: draw_overflow(dice),
            }
        } else {
            Load::Closed {
                shape: Shape::draw(dice, 80, 10, endless),
                pace: dice.chance(40).then(|| dice.between(1, 30) * 10),
            }
        };
        let optional = |dice: &mut Dice, percent, most| {
            if dice.chance(percent) { dice.between(1, most) } else { 0 }
        };
        Self {
            name: format!("s{number}"),
            load,
            delay: optional(dice, 30, 2_000),
            warm_up: optional(dice, 25, 1_500),
            drain: if dice.chance(40) { dice.between(0, 300) } else { 30_000 },
            iterations: dice.chance(25).then(|| dice.between(1, 120)),
            stop_on_failure: dice.chance(20),
        }
    }

    /// Its shape.
    pub fn shape(&self) -> &Shape {
        match &self.load {
            Load::Open { shape, .. } | Load::Closed { shape, .. } => shape,
        }
    }

    /// When it begins, in nanoseconds.
    pub fn begin(&self) -> u64 {
        self.delay * 1_000_000
    }

    /// When its shape is played, in nanoseconds.
    pub fn end(&self) -> Option<u64> {
        self.shape().length().map(|length| self.begin() + length)
    }

    /// From when on its results count, in nanoseconds.
    pub fn counts_from(&self) -> u64 {
        (self.delay + self.warm_up) * 1_000_000
    }
}

fn draw_overflow(dice: &mut Dice) -> OverflowPlan {
    if dice.chance(40) {
        return OverflowPlan::Drop;
    }
    OverflowPlan::Queue {
        limit: dice.chance(60).then(|| dice.between(1, 30)),
        timeout: dice.chance(40).then(|| dice.between(1, 500)),
    }
}

fn draw_rules(dice: &mut Dice) -> Vec<StopRule> {
    let count = dice.pick(&[0, 0, 0, 1, 1, 2]);
    let rules = (0..count).map(|_| match dice.between(1, 6) {
        1 => StopRule::Elapsed(dice.between(1, 500) * 10),
        2 => StopRule::Failures(dice.between(0, 40)),
        3 => StopRule::Other(format!("backlog above={}", dice.between(0, 30))),
        4 => StopRule::Other(format!(
            "failures above=\"{}%\" window=\"{}ms\" min-count={}",
            dice.between(5, 50),
            dice.between(1, 20) * 50,
            dice.between(1, 20)
        )),
        5 => StopRule::Other(format!(
            "response p={} above=\"{}ms\" window=\"{}ms\" times={}",
            dice.pick(&[50, 90, 99]),
            dice.between(5, 100),
            dice.between(1, 20) * 50,
            dice.between(1, 3)
        )),
        _ => StopRule::Other(format!("rate below=\"{}/s\" window=\"1s\" times=2", dice.between(1, 20))),
    });
    rules.collect()
}

/// Steps, all of them sooner or later; the first one of a closed scenario takes time, so that the clock moves on.
fn draw_behavior(dice: &mut Dice, scenario: &ScenarioPlan) -> String {
    let first = match scenario.load {
        Load::Closed { pace: None, .. } => format!("think {}; ", draw_law(dice, 60)),
        _ => String::new(),
    };
    format!("{first}set n \"${{random(0, 3)}}\"; {}", draw_steps(dice, 0, &scenario.name))
}

fn draw_steps(dice: &mut Dice, depth: u64, name: &str) -> String {
    let count = dice.between(1, 3);
    (0..count).map(|_| draw_step(dice, depth, name)).collect::<Vec<_>>().join("; ")
}

fn draw_step(dice: &mut Dice, depth: u64, name: &str) -> String {
    match dice.between(1, if depth < 2 { 9 } else { 6 }) {
        1..=3 => format!("http GET \"/${{n}}\" name={name}-h{}", dice.between(1, 3)),
        4 => format!("noop name={name}-noop"),
        5 => format!("think {}", draw_law(dice, 60)),
        6 => format!("set n \"${{n + {}}}\"", dice.between(1, 3)),
        7 => {
            let times = if dice.chance(50) { "\"${n}\"".to_owned() } else { dice.between(0, 3).to_string() };
            format!("repeat {times} {{ {} }}", draw_steps(dice, depth + 1, name))
        }
        8 => {
            let branch = |dice: &mut Dice| {
                let weight = dice.between(1, 50);
                format!("branch weight={weight} {{ {} }}", draw_steps(dice, depth + 1, name))
            };
            let count = dice.between(1, 3);
            format!("choose {{ {} }}", (0..count).map(|_| branch(dice)).collect::<Vec<_>>().join("; "))
        }
        // Set in one way only: a step that needs it fails unsent in the other.
        _ => format!(
            "choose {{ branch {{ set maybe 1 }}; branch {{ noop name=other }} }}; http GET \"/${{maybe}}\" \
             name={name}-maybe"
        ),
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "throng 1\nseed {}\ntick \"{}us\" look-ahead={}", self.seed, self.tick, self.look_ahead)?;
        writeln!(f, "target shop \"http://127.0.0.1:1\" {{ timeout \"{}ms\" }}", self.service.timeout)?;
        writeln!(f, "target nothing noop")?;
        write!(f, "{}", self.service)?;
        for (behavior, scenario) in self.behaviors.iter().zip(&self.scenarios) {
            writeln!(f, "behavior {}-behavior {{ {behavior} }}", scenario.name)?;
            let called = self.called.iter().zip(&self.scenarios).find(|(_, of)| of.name == scenario.name);
            if let Some((called, _)) = called.filter(|(called, _)| !called.is_empty()) {
                writeln!(f, "behavior {}-called {{ {called} }}", scenario.name)?;
            }
            write!(f, "{scenario}")?;
        }
        if !self.stop_rules.is_empty() {
            let rules: Vec<String> = self.stop_rules.iter().map(StopRule::to_string).collect();
            writeln!(f, "stop-when {{ {} }}", rules.join("; "))?;
        }
        Ok(())
    }
}

impl Display for ScenarioPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let stops = if self.stop_on_failure { " on-failure=stop" } else { "" };
        writeln!(f, "scenario {}{stops} {{\n    behavior {}-behavior", self.name, self.name)?;
        match &self.load {
            Load::Open { even, shape, users: (min, max), on_demand, overflow } => {
                let law = if *even { "even" } else { "poisson" };
                let rate = |tenths| format!("\"{}.{}/s\"", tenths / 10, tenths % 10);
                writeln!(f, "    arrivals {law} {{ {} }}", shape.kdl(rate))?;
                let most = if *on_demand { format!("max={max}") } else { "grow=none".to_owned() };
                writeln!(f, "    users min={min} {most}\n    overflow {overflow}")?;
            }
            Load::Closed { shape, pace } => {
                writeln!(f, "    population {{ {} }}", shape.kdl(|tenths| (tenths / 10).to_string()))?;
                if let Some(pace) = pace {
                    writeln!(f, "    pace \"{pace}ms\"")?;
                }
            }
        }
        if let Some(iterations) = self.iterations {
            writeln!(f, "    iterations {iterations}")?;
        }
        writeln!(f, "    start delay=\"{}ms\"", self.delay)?;
        writeln!(f, "    warm-up \"{}ms\"\n    drain \"{}ms\"\n}}", self.warm_up, self.drain)
    }
}

impl Display for OverflowPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self::Queue { limit, timeout } = self else { return f.write_str("drop") };
        let limit = limit.map_or("unbounded".to_owned(), |limit| limit.to_string());
        write!(f, "queue limit={limit}")?;
        timeout.map_or(Ok(()), |timeout| write!(f, " timeout=\"{timeout}ms\""))
    }
}
