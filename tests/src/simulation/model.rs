//! The drawn service: servers, a law and a bound; how requests wait, whom it calls, when it is not itself.

use std::fmt::{self, Display, Formatter, Write as _};

use super::dice::Dice;
use super::law::draw_law;

/// The service behind the one target.
#[derive(Clone, Debug)]
pub struct ServicePlan {
    /// How many requests it works on at one time.
    pub servers: u64,
    /// How many may wait.
    pub limit: Option<u64>,
    /// Its law of time, in KDL.
    pub time: String,
    /// The time of every request in milliseconds, when it is the same for all.
    pub constant: Option<u64>,
    /// Requests that fail, in percent.
    pub fails: u64,
    /// The caller's patience in milliseconds.
    pub timeout: u64,
    /// What it is besides.
    pub model: ModelPlan,
}

impl ServicePlan {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let constant = dice.chance(40).then(|| dice.between(1, 40));
        let time = constant.map(|millis| format!("constant \"{millis}ms\""));
        Self {
            servers: dice.pick(&[1, 1, 2, 3, 8, 50]),
            limit: dice.chance(40).then(|| dice.between(0, 20)),
            time: time.unwrap_or_else(|| draw_law(dice, 40)),
            constant,
            fails: if dice.chance(40) { dice.between(1, 30) } else { 0 },
            timeout: if dice.chance(25) { dice.between(5, 200) } else { 30_000 },
            // Drawn last of all, so that the rest of a seed's plan stays what it was.
            model: ModelPlan::PLAIN,
        }
    }
}

impl Display for ServicePlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { servers, time, fails, model, limit, .. } = self;
        let limit = limit.map_or(String::new(), |limit| format!(" limit={limit}"));
        let queue = model.discipline;
        writeln!(
            f,
            "service shop {{ servers {servers}; queue {queue}{limit}; time {time}; fails ratio=\"{fails}%\"{model} }}"
        )?;
        f.write_str(&model.others)
    }
}

/// The model behind the one target, beyond the plain queue of formulas.
#[derive(Clone, Debug)]
pub struct ModelPlan {
    /// How requests wait.
    pub discipline: &'static str,
    /// What else stands in the service.
    pub more: String,
    /// Other services.
    pub others: String,
}

impl ModelPlan {
    /// In order, and alone: what the formulas mean.
    pub const PLAIN: Self = Self { discipline: "fifo", more: String::new(), others: String::new() };

    /// Half of the plans have more than a plain queue.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        if dice.chance(50) {
            return Self::PLAIN;
        }
        let discipline = dice.pick(&["fifo", "lifo", "random", "priority", "processor-sharing"]);
        let (mut more, mut others) = (String::new(), String::new());
        for episode in ["outage", "stall"] {
            if dice.chance(25) {
                let (from, length) = (dice.between(0, 3_000), dice.between(1, 800));
                let _ = write!(more, "; {episode} from=\"{from}ms\" for=\"{length}ms\"");
            }
        }
        if dice.chance(40) {
            let (factor, timeout, retries) = (dice.between(1, 25), dice.between(1, 80), dice.between(0, 2));
            let backoff = dice.between(0, 20);
            let _ = write!(
                more,
                "; calls db factor={}.{} timeout=\"{timeout}ms\" retries={retries} backoff=\"{backoff}ms\"",
                factor / 10,
                factor % 10
            );
            let (time, own) = (draw_law(dice, 20), dice.pick(&["fifo", "random", "processor-sharing"]));
            let (fails, limit) = (dice.between(0, 10), dice.between(0, 30));
            others = format!(
                "service db {{ servers 2; queue {own} limit={limit}; time {time}; fails ratio=\"{fails}%\"; calls disk }}\n\
                 service disk {{ time constant \"1ms\" }}\n"
            );
        }
        Self { discipline, more, others }
    }

    /// Whether requests are served in order, by this service alone and at all times.
    pub fn is_plain(&self) -> bool {
        self.discipline == "fifo" && self.more.is_empty()
    }
}

impl Display for ModelPlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.more)
    }
}
