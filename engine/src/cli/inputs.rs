//! What every command that loads a workload takes: the file, and what is said over it.

use std::path::PathBuf;

use super::complain;
use crate::exit_code::ExitCode;
use crate::loader::{Environment, Overrides};

/// A workload, and values from outside.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Inputs {
    /// The workload
    pub(super) file: PathBuf,
    #[command(flatten)]
    outside: Outside,
}

impl Inputs {
    /// What is said over the file.
    pub(super) fn overrides(&self) -> Result<Overrides, ExitCode> {
        self.outside.overrides()
    }
}

/// Values from outside.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Outside {
    /// Sets a parameter (`peak=300/s`; also `THRONG_PARAM_PEAK`) or any value by its path (`crowd.users.max=100`)
    #[arg(long = "set", value_name = "NAME=VALUE")]
    sets: Vec<String>,
    #[command(flatten)]
    variables: Variables,
}

/// Variables of the environment.
#[derive(Clone, Default, clap::Args)]
pub(super) struct Variables {
    /// Sets what `env('NAME')` gives in the workload; without it, it reads the environment
    #[arg(long = "env", short = 'e', value_name = "NAME=VALUE")]
    environment: Vec<String>,
}

/// Values may be secrets: they are left out.
impl std::fmt::Debug for Variables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

fn wrong(option: &str, shown: &str) -> ExitCode {
    complain(&format!("`{option}{shown}` needs a name and a value: `{option} NAME=VALUE`"));
    ExitCode::Usage
}

fn pair(text: &str) -> Option<(String, String)> {
    let (name, value) = text.split_once('=').filter(|(name, _)| !name.is_empty())?;
    Some((name.to_owned(), value.to_owned()))
}

impl Variables {
    /// What `env("NAME")` and `THRONG_PARAM_NAME` are.
    pub(super) fn environment(&self) -> Result<Environment, ExitCode> {
        let mut environment = Environment::of_process();
        for text in &self.environment {
            // What stands there may be a secret without its name.
            let (name, value) = pair(text).ok_or_else(|| wrong("--env", ""))?;
            environment = environment.with(name, value);
        }
        Ok(environment)
    }
}

impl Outside {
    /// What is said over a file.
    pub(super) fn overrides(&self) -> Result<Overrides, ExitCode> {
        let sets = self.sets.iter().map(|text| pair(text).ok_or_else(|| wrong("--set", &format!(" {text}"))));
        let sets = sets.collect::<Result<_, _>>()?;
        Ok(Overrides { sets, environment: self.variables.environment()?, ..Overrides::default() })
    }
}
