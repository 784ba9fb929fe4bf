//! Puts values in the place of `${…}` before anything is read from the nodes.
//!
//! Everywhere but in behaviours the value replaces the text. In behaviours most texts are filled in for each request, so
//! there the value stands beside the text, for the settings among them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use throng_components::workload::{
    Entry, Label, Mistake, Node, Problem, Problems, Scalar, Span, did_you_mean,
};
use throng_systems::behavior::{Constants, EvaluationError, Name, Parameter, Resolve, Template, Value};

use super::environment::Environment;
use super::secrets::Secrets;
use super::source::Sources;
use crate::nodes::CORE;

/// An expression that compiles and has no value.
#[derive(Clone, Debug)]
struct NoValue {
    span: Span,
    error: EvaluationError,
}

impl Mistake for NoValue {
    fn code(&self) -> &'static str {
        "T0189"
    }

    fn message(&self) -> String {
        format!("the expression has no value: {}", self.error)
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, "evaluated before the run")]
    }

    fn help(&self) -> Option<String> {
        None
    }
}

/// The values of all expressions together, at most: a long parameter may be used on every line.
///
/// # Units
/// Bytes.
const MOST_TEXT: usize = 16 << 20;

/// The values of the workload's expressions are too long together.
#[derive(Clone, Debug)]
struct TooMuchText {
    span: Span,
}

impl Mistake for TooMuchText {
    fn code(&self) -> &'static str {
        "T0263"
    }

    fn message(&self) -> String {
        "the values of the workload's expressions are too long together".to_owned()
    }

    fn labels(&self) -> Vec<Label> {
        vec![Label::new(self.span, format!("with those above, more than {} MiB", MOST_TEXT >> 20))]
    }

    fn help(&self) -> Option<String> {
        Some("keep long texts in files, as `multipart` sends them, or name them less often".to_owned())
    }
}

/// Letters of a parameter's value that a message shows.
const MOST_SHOWN: usize = 60;

/// Unknown names that are compared with the known ones: more than anybody reads at one time.
const MOST_SUGGESTIONS: usize = 50;

/// A text that was evaluated, and the parameters that had a part in it.
struct Computed {
    span: Span,
    content: Span,
    uses: Vec<String>,
    failed: bool,
}

/// What stands in `${…}` before the run, and what came of each.
pub(super) struct Values<'a> {
    /// Parameters and environment variables, as far as they are known.
    pub(super) constants: Constants,
    /// What is never shown.
    pub(super) secrets: Secrets,
    environment: &'a Environment,
    /// Where each parameter's effective value stands: in its declaration or in an option.
    origins: BTreeMap<String, Span>,
    used: BTreeSet<String>,
    computed: Vec<Computed>,
    /// Parameters that the text now being evaluated uses.
    uses: Vec<String>,
    /// Whether a secret has a part in it.
    secret: bool,
    /// Whether it may as well wait for the run: then what it lacks is no news.
    lazily: bool,
    /// Bytes that the values of further expressions may take.
    room: usize,
    /// Whether it was told that there are none left.
    full: bool,
}

impl Resolve for Values<'_> {
    fn resolve(&mut self, _path: &str) -> Option<Name> {
        None
    }

    fn known(&self) -> Vec<String> {
        // What is known is looked up for those that are shown, see `explain`.
        Vec::new()
    }

    fn constant(&mut self, path: &str) -> Option<Value> {
        let parameter = self.constants.parameter(path)?;
        self.used.insert(path.to_owned());
        self.uses.push(path.to_owned());
        self.secret |= parameter.secret;
        Some(parameter.value.clone())
    }

    fn environment(&mut self, name: &str) -> Option<Arc<str>> {
        let known = self.constants.variable(name);
        let value = known.unwrap_or_else(|| {
            let value: Option<Arc<str>> = self.environment.variable(name).map(Arc::from);
            self.constants.set_variable(name, value.clone());
            value
        })?;
        self.secret = true;
        self.secrets.add(&value);
        Some(value)
    }

    fn before_run(&self) -> bool {
        true
    }
}

impl<'a> Values<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self {
            constants: Constants::default(),
            secrets: Secrets::default(),
            environment,
            origins: BTreeMap::new(),
            used: BTreeSet::new(),
            computed: Vec::new(),
            uses: Vec::new(),
            secret: false,
            lazily: false,
            room: MOST_TEXT,
            full: false,
        }
    }

    /// What a parameter is in the environment: the variable's name and its value.
    pub(super) fn in_environment(&self, parameter: &str) -> Option<(String, String)> {
        let name = super::environment::variable_of_parameter(parameter);
        self.environment.variable(&name).map(|value| (name, value))
    }

    /// Declares a parameter, whose effective value stands at `origin`.
    pub(super) fn declare(&mut self, name: &str, parameter: Parameter, origin: Span) {
        self.constants.set_parameter(name, parameter);
        self.origins.insert(name.to_owned(), origin);
    }

    /// Whether any text used the parameter.
    pub(super) fn is_used(&self, name: &str) -> bool {
        self.used.contains(name)
    }

    /// Parameters in texts that an option replaced are used all the same: without the option they would be.
    pub(super) fn count_as_used(&mut self, replaced: &[Entry]) {
        for entry in replaced {
            if let Scalar::Text(text) = &entry.value {
                let _ = Template::compile(text, entry.content, self);
            }
        }
    }

    /// An entry's value, and whether a secret had a part in it. `None` for a number that is none.
    pub(super) fn of_entry(&mut self, entry: &Entry) -> Result<Option<(Value, bool)>, Problems> {
        match &entry.value {
            Scalar::Text(text) if text.contains("${") => self.evaluate(text, entry).map(Some),
            value => Ok(Value::read(value).map(|value| (value, false))),
        }
    }

    fn evaluate(&mut self, text: &str, entry: &Entry) -> Result<(Value, bool), Problems> {
        if self.full {
            return Err(Problems::new());
        }
        self.uses.clear();
        self.secret = false;
        let result = Template::compile(text, entry.content, self).and_then(|template| {
            let no_value = |error| Problems::from(Problem::from(NoValue { span: entry.content, error }));
            template.before_run().map_err(no_value)
        });
        // A parameter without a value has been told of; nothing follows from it.
        let broken = self.uses.iter().any(|name| self.is_broken(name));
        self.computed.push(Computed {
            span: entry.span,
            content: entry.content,
            uses: std::mem::take(&mut self.uses),
            failed: broken || result.is_err() && !self.lazily,
        });
        if broken {
            return Err(Problems::new());
        }
        let value = result?;
        if let Value::Text(text) = &value {
            self.full = text.len() > self.room;
            self.room = self.room.saturating_sub(text.len());
            if self.full {
                return Err(Problem::from(TooMuchText { span: entry.span }).into());
            }
        }
        if self.secret {
            self.secrets.add(&value.to_string());
        }
        Ok((value, self.secret))
    }

    fn is_broken(&self, name: &str) -> bool {
        self.constants.parameter(name).is_some_and(|parameter| parameter.value == Value::Unset)
    }

    /// Evaluates all texts below the top level. `param` and `include` have been read before.
    pub(super) fn settle(&mut self, nodes: &mut [Node], problems: &mut Problems) {
        for node in nodes {
            match node.name.value.as_str() {
                "param" | "include" => {}
                name => {
                    // Of a node that nothing knows, as `behaviour`, its name says enough.
                    let known = CORE.iter().any(|core| core.inside.is_empty() && core.spec.name == name);
                    self.lazily = name == "behavior" || !known;
                    self.settle_node(node, problems);
                }
            }
        }
        self.lazily = false;
    }

    fn settle_node(&mut self, node: &mut Node, problems: &mut Problems) {
        let properties = node.properties.iter_mut().map(|(_, entry)| entry);
        for entry in node.arguments.iter_mut().chain(properties) {
            self.settle_entry(entry, problems);
        }
        for child in &mut node.children {
            self.settle_node(child, problems);
        }
    }

    fn settle_entry(&mut self, entry: &mut Entry, problems: &mut Problems) {
        let Scalar::Text(text) = &entry.value else { return };
        if !text.contains("${") {
            return;
        }
        let result = self.evaluate(text, entry).map(|(value, _)| value.to_scalar());
        match result {
            Err(none) if none.is_empty() => {}
            Err(more) if self.full => problems.append(more),
            _ if self.lazily => entry.before_run = Some(Box::new(result)),
            Ok(value) => entry.value = value,
            Err(more) => problems.append(more),
        }
    }

    /// The places of texts that have no value: what else is said of them follows from that.
    pub(super) fn failed(&self) -> impl Iterator<Item = Span> {
        self.computed.iter().filter(|computed| computed.failed).map(|computed| computed.span)
    }

    /// Adds to each problem of a computed value where the value comes from, and takes secrets out.
    pub(super) fn explain(&self, problems: &mut [Problem], sources: &Sources) {
        let whole: BTreeMap<Span, &Computed> =
            self.computed.iter().flat_map(|made| [(made.span, made), (made.content, made)]).collect();
        let mut suggestions = 0;
        for problem in problems {
            if let Some(label) = problem.labels.first() {
                if problem.code == "T0180" && suggestions < MOST_SUGGESTIONS {
                    suggestions += 1;
                    // In behaviours, where most names are none of a parameter, this is not looked up for each.
                    let known: Vec<&str> = self.constants.names().collect();
                    let near = did_you_mean(sources.slice(label.span), &known);
                    problem.help = near.or_else(|| problem.help.take());
                }
                let inside = ["T0075", "T0189"].contains(&problem.code);
                // Texts do not overlap: the one that begins last before the place is the one around it.
                let around = || {
                    let upto = Span { length: u32::MAX, ..label.span };
                    whole.range(..=upto).next_back().map(|(_, made)| *made)
                };
                let holds = |made: &&Computed| inside && made.content.holds(label.span);
                let made = whole.get(&label.span).copied().or_else(|| around().filter(holds));
                problem.labels.extend(made.into_iter().flat_map(|made| self.sources_of(made)));
            }
            self.secrets.redact_problem(problem);
        }
    }

    fn sources_of(&self, made: &Computed) -> Vec<Label> {
        let mut labels = Vec::new();
        for name in &made.uses {
            let (Some(origin), Some(parameter)) = (self.origins.get(name), self.constants.parameter(name))
            else {
                continue;
            };
            let text = if parameter.secret {
                format!("`{name}` is set here, to a secret")
            } else {
                format!("`{name}` is `{}` here", shortened(parameter.value.to_string()))
            };
            if !labels.iter().any(|label: &Label| label.span == *origin) {
                labels.push(Label::new(*origin, text));
            }
        }
        labels
    }
}

/// A text that a message has room for.
fn shortened(mut text: String) -> String {
    if text.len() > MOST_SHOWN {
        text.truncate(text.floor_char_boundary(MOST_SHOWN));
        text.push('…');
    }
    text
}
