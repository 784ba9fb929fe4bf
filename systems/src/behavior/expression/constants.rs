//! What expressions know before anything runs: parameters, and the environment variables that a workload names.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use throng_components::workload::{Label, Mistake, Span};

use crate::behavior::value::Value;

/// Names whose values are the same in the whole run. Whoever builds it has asked the environment; nothing here does.
#[derive(Clone, Default)]
pub struct Constants {
    parameters: BTreeMap<String, Parameter>,
    environment: BTreeMap<String, Option<Arc<str>>>,
}

/// A parameter's effective value.
#[derive(Clone)]
pub struct Parameter {
    /// The value.
    pub value: Value,
    /// The name in its declaration.
    pub declared: Span,
    /// Whether a secret had a part in the value: then it is never shown.
    pub secret: bool,
}

/// Values may be secrets, so only names are shown.
impl fmt::Debug for Constants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.parameters.keys()).entries(self.environment.keys()).finish()
    }
}

impl Constants {
    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.get(name)
    }

    /// Gives a name its value, or another one.
    pub fn set_parameter(&mut self, name: &str, parameter: Parameter) {
        self.parameters.insert(name.to_owned(), parameter);
    }

    /// The names of all parameters, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.keys().map(String::as_str)
    }

    /// What is known of an environment variable: nothing, that it is not set, or its value.
    pub fn variable(&self, name: &str) -> Option<Option<Arc<str>>> {
        self.environment.get(name).cloned()
    }

    /// Notes an environment variable; `None` for one that is not set.
    pub fn set_variable(&mut self, name: &str, value: Option<Arc<str>>) {
        self.environment.insert(name.to_owned(), value);
    }
}

/// A variable of a behaviour that has a parameter's name: an expression could not tell them apart.
#[derive(Clone, Debug)]
pub(crate) struct VariableIsParameter {
    pub(crate) name: String,
    pub(crate) span: Span,
    pub(crate) declared: Span,
}

impl Mistake for VariableIsParameter {
    fn code(&self) -> &'static str {
        "T0188"
    }

    fn message(&self) -> String {
        format!("the variable `{}` has the name of a parameter", self.name)
    }

    fn labels(&self) -> Vec<Label> {
        vec![
            Label::new(self.span, "a variable, set while it runs"),
            Label::new(self.declared, "the parameter"),
        ]
    }

    fn help(&self) -> Option<String> {
        Some("rename one of the two".to_owned())
    }
}
