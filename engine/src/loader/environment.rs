//! The environment as workloads see it: what `--env` gives, and over that what the process has.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// What the name of a variable that sets a parameter begins with.
const PREFIX: &str = "THRONG_PARAM_";

/// Where `env("NAME")` and `THRONG_PARAM_NAME` are looked up. The default one is empty, so that a program that loads
/// workloads decides what they may see.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    given: BTreeMap<String, String>,
    process: bool,
    /// Parameters are set by what is given alone.
    parameters_given: bool,
}

/// Values are secrets: only names are shown.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("given", &self.given.keys())
            .field("process", &self.process)
            .field("parameters_given", &self.parameters_given)
            .finish()
    }
}

impl Environment {
    /// The environment of this process.
    pub fn of_process() -> Self {
        Self { process: true, ..Self::default() }
    }

    /// With one variable more, or another value of it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.given.insert(name.into(), value.into());
        self
    }

    /// The names of all variables that would set a parameter, sorted.
    pub(super) fn of_parameters(&self) -> BTreeSet<String> {
        let process = self.asks_process(PREFIX).then(std::env::vars_os).into_iter().flatten();
        let names = process.filter_map(|(name, _)| name.into_string().ok());
        let names = names.chain(self.given.keys().cloned());
        names.filter(|name| name.starts_with(PREFIX)).collect()
    }

    /// The variables that would set a parameter, with their values.
    pub(crate) fn set_parameters(&self) -> Vec<(String, String)> {
        let names = self.of_parameters().into_iter();
        names.filter_map(|name| self.variable(&name).map(|value| (name, value))).collect()
    }

    /// The same, but that parameters are set by these variables and no others.
    #[must_use]
    pub(crate) fn with_parameters_only_of(mut self, variables: &[(String, String)]) -> Self {
        self.given.retain(|name, _| !name.starts_with(PREFIX));
        self.given.extend(variables.iter().cloned());
        Self { parameters_given: true, ..self }
    }

    /// Whether the process is asked for a variable.
    fn asks_process(&self, name: &str) -> bool {
        self.process && !(self.parameters_given && name.starts_with(PREFIX))
    }

    /// A variable's value; `None` when it is not set or no text.
    pub(super) fn variable(&self, name: &str) -> Option<String> {
        let given = self.given.get(name).cloned();
        given.or_else(|| if self.asks_process(name) { std::env::var(name).ok() } else { None })
    }
}

/// The variable that sets a parameter: `THRONG_PARAM_PEAK_RATE` for `peak-rate`.
pub(crate) fn variable_of_parameter(name: &str) -> String {
    let letter = |c: char| if c == '-' { '_' } else { c.to_ascii_uppercase() };
    format!("{PREFIX}{}", name.chars().map(letter).collect::<String>())
}
