//! `param`: values with a name, declared in the file and set from outside.

use throng_components::workload::{
    ArgumentSpec, FieldSpec, Fields, Label, Mistake, Node, NodeSpec, Problem, Problems, Scalar, Span,
    Spanned, ValueKind, nearest, parse_duration, parse_rate, parse_share, parse_size,
};
use throng_systems::behavior::{Kind, Parameter, Value};

use super::environment::{Environment, variable_of_parameter};
use super::lower::{MOST_OF_A_KIND, NameMistake};
use super::secrets::REDACTED;
use super::set::Sets;
use super::source::Sources;
use super::values::Values;

/// `param peak "200/s"`
pub(crate) const PARAM: NodeSpec = NodeSpec {
    name: "param",
    summary: "Gives a value a name; `${peak}` stands for it everywhere, and `--set peak=300/s` sets another one.",
    sample: "param peak \"200/s\" summary=\"the busiest hour\"",
    arguments: &[
        ArgumentSpec {
            name: "name",
            kind: ValueKind::Name,
            required: true,
            summary: "What expressions call it: letters, digits, hyphens and underscores.",
        },
        ArgumentSpec {
            name: "value",
            kind: ValueKind::Template,
            required: true,
            summary: "Its value unless it is set from outside; the value's kind holds for both.",
        },
    ],
    properties: &[FieldSpec {
        name: "summary",
        kind: ValueKind::Text,
        default: "",
        summary: "What it is for, in a few words.",
    }],
    ..NodeSpec::EMPTY
};

/// Variables that a message names.
const MOST_NAMED: usize = 12;

/// A mistake about a parameter.
#[derive(Clone, Debug)]
enum ParamMistake {
    Unusable { span: Span, name: String },
    NoValue { span: Span, found: String },
    WrongKind { name: String, span: Span, found: String, kind: Kind, declared: Span },
    Unused { name: String, span: Span },
    Undeclared { variable: String, known: Vec<String> },
}

/// What a value of a kind looks like.
pub(super) fn form(kind: Kind) -> &'static str {
    match kind {
        Kind::Int => "a whole number, as in `100`",
        Kind::Float => "a number, as in `0.5`",
        Kind::Bool => "`true` or `false`",
        Kind::Duration => "a duration, as in `250ms`",
        Kind::Rate => "a rate, as in `200/s`",
        Kind::Share => "a share, as in `5%`",
        Kind::Size => "a size, as in `64KiB`",
        Kind::Text => "a text",
    }
}

impl Mistake for ParamMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Unusable { .. } => "T0181",
            Self::NoValue { .. } => "T0197",
            Self::WrongKind { .. } => "T0183",
            Self::Unused { .. } => "T0182",
            Self::Undeclared { .. } => "T0220",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Unusable { name, .. } => format!("`{name}` cannot be a parameter's name"),
            Self::NoValue { found, .. } => format!("a parameter's value cannot be `{found}`"),
            Self::WrongKind { name, found, .. } => format!("the parameter `{name}` cannot be `{found}`"),
            Self::Unused { name, .. } => format!("nothing uses the parameter `{name}`"),
            Self::Undeclared { variable, .. } => {
                format!("`{variable}` is set, and sets no parameter of this workload")
            }
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Unusable { span, .. } => vec![Label::new(*span, "no expression could spell it")],
            Self::NoValue { span, .. } => {
                vec![Label::new(*span, "should be a number of at most 64 bits, a flag or a text")]
            }
            Self::WrongKind { span, kind, declared, .. } => vec![
                Label::new(*span, format!("should be {}", form(*kind))),
                Label::new(*declared, format!("{kind}, as it is declared")),
            ],
            Self::Undeclared { .. } => Vec::new(),
            Self::Unused { span, .. } => vec![Label::new(*span, "declared and never used")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Unusable { .. } => Some(
                "use letters, digits, and hyphens between them; not `now`, `iteration`, `true`, `false`"
                    .to_owned(),
            ),
            Self::NoValue { .. } | Self::WrongKind { .. } => None,
            Self::Undeclared { variable, known } => {
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let near = nearest(variable, &known).map(|near| format!("did you mean `{near}`? "));
                let set = match known.as_slice() {
                    [] => "the workload has no `param`".to_owned(),
                    known => {
                        format!("this workload's are: {}", known[..known.len().min(MOST_NAMED)].join(", "))
                    }
                };
                Some(format!("{}{set}", near.unwrap_or_default()))
            }
            Self::Unused { name, .. } => Some(format!("write `${{{name}}}` where it belongs, or remove it")),
        }
    }
}

/// A parameter as it was read: for the header of a run, and for the warning when nothing uses it.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) name: String,
    /// The value, or what is shown instead of a secret.
    pub(super) shown: String,
    declared: Span,
}

/// Reads all parameters, each of which may use those above it, and sets them to what was asked for from outside.
pub(super) fn read_all(
    nodes: &[Node],
    sets: &mut Sets,
    values: &mut Values<'_>,
    sources: &mut Sources,
    problems: &mut Problems,
) -> Vec<Read> {
    let mut all: Vec<Read> = Vec::new();
    let params = nodes.iter().filter(|node| node.name.value == PARAM.name);
    for (number, node) in params.enumerate() {
        if number == MOST_OF_A_KIND {
            problems.push(NameMistake::TooMany { kind: PARAM.name, span: node.name.span });
            break;
        }
        if let Some(first) = node.text(0).and_then(|name| values.constants.parameter(name.value)) {
            let name = node.text(0).map_or_else(String::new, |name| name.value.to_owned());
            let (span, first) = (node.arguments[0].span, first.declared);
            let help = "keep one of the two";
            problems.push(NameMistake::Duplicate { kind: PARAM.name, name, span, first, help });
            continue;
        }
        all.extend(problems.take(read(node, sets, values, sources)));
    }
    all
}

/// The warnings of parameters that nothing uses.
pub(super) fn unused(all: &[Read], values: &Values<'_>) -> Vec<Problem> {
    let unused = all.iter().filter(|read| !values.is_used(&read.name));
    unused.map(|read| ParamMistake::Unused { name: read.name.clone(), span: read.declared }.into()).collect()
}

/// The warnings of variables that look as if they set a parameter, and set none.
pub(super) fn undeclared(all: &[Read], environment: &Environment) -> Vec<Problem> {
    let known: Vec<String> = all.iter().map(|read| variable_of_parameter(&read.name)).collect();
    let stray = environment.of_parameters().into_iter().filter(|name| !known.contains(name));
    stray.map(|variable| ParamMistake::Undeclared { variable, known: known.clone() }.into()).collect()
}

fn read(
    node: &Node,
    sets: &mut Sets,
    values: &mut Values<'_>,
    sources: &mut Sources,
) -> Result<Read, Problems> {
    let mut fields = Fields::of(node, &PARAM, 0);
    let name = fields.text_argument(0);
    let entry = fields.any_argument(1);
    let _ = fields.text("summary");
    let Some((name, entry)) = name.zip(entry) else { return fields.finish(None) };
    if !is_usable(name.value) {
        fields.problem(ParamMistake::Unusable { span: name.span, name: name.value.to_owned() });
        return fields.finish(None);
    }
    let outside = sets.take(name.value).or_else(|| {
        let (variable, text) = values.in_environment(name.value)?;
        let source = sources.add(variable, text.as_str())?;
        Some(Spanned::new(text.clone(), super::document::span(source, 0, text.len())))
    });
    // What stands in for a secret is one.
    let mut stands_for_secret = false;
    let declared = match values.of_entry(entry) {
        Ok(Some(declared)) => {
            stands_for_secret = declared.1;
            Some(declared)
        }
        Ok(None) => {
            let found = entry.value.to_string();
            fields.problem(ParamMistake::NoValue { span: entry.span, found });
            None
        }
        // A variable that is not set is needed by nobody when the value comes from outside.
        Err(problems) if outside.is_some() && problems.iter().all(|problem| problem.code == "T0186") => {
            stands_for_secret = true;
            None
        }
        Err(problems) => fields.take(Err(problems)),
    };
    let (value, secret, origin) = match outside {
        Some(given) => {
            let kind = declared.as_ref().and_then(|(value, _)| value.kind());
            let read = read_as(&given.value, kind);
            if let (None, Some(kind)) = (&read, kind) {
                let (name, found) = (name.value.to_owned(), given.value.clone());
                let declared = entry.span;
                fields.problem(ParamMistake::WrongKind { name, span: given.span, found, kind, declared });
            }
            if stands_for_secret {
                values.secrets.add(&given.value);
            }
            (read, stands_for_secret, given.span)
        }
        None => {
            (declared.as_ref().map(|(value, _)| value.clone()), declared.is_some_and(|it| it.1), entry.span)
        }
    };
    // A broken one is declared all the same, so that each of its uses is not told of as well.
    let shown = value.clone().unwrap_or_default();
    let parameter = Parameter { value: shown.clone(), declared: name.span, secret };
    values.declare(name.value, parameter, origin);
    let shown = if secret { REDACTED.to_owned() } else { shown.to_string() };
    // Without a value and a mistake of its own it uses one that has both.
    fields.finish(Some(()))?;
    value.map(|_| Read { name: name.value.to_owned(), shown, declared: name.span }).ok_or_else(Problems::new)
}

/// Whether an expression can spell the name and means this parameter by it.
fn is_usable(name: &str) -> bool {
    let reserved = ["now", "iteration", "true", "false"].contains(&name);
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    let begins = !name.starts_with(|c: char| c.is_ascii_digit());
    !reserved && begins && name.split('-').all(word)
}

/// A text from outside as a value of a kind; of any kind when none is known.
pub(super) fn read_as(text: &str, kind: Option<Kind>) -> Option<Value> {
    match kind {
        None => Value::read(&Scalar::Text(text.to_owned())),
        Some(Kind::Text) => Some(Value::Text(text.into())),
        Some(Kind::Int) => text.parse().ok().map(Value::Int),
        Some(Kind::Float) => text.parse().ok().filter(|number: &f64| number.is_finite()).map(Value::Float),
        Some(Kind::Bool) => match text {
            "true" | "#true" => Some(Value::Bool(true)),
            "false" | "#false" => Some(Value::Bool(false)),
            _ => None,
        },
        Some(Kind::Duration) => parse_duration(text).ok().map(Value::Duration),
        Some(Kind::Rate) => parse_rate(text).ok().map(Value::Rate),
        Some(Kind::Share) => parse_share(text).ok().map(Value::Share),
        Some(Kind::Size) => parse_size(text).ok().map(Value::Size),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_expressions_can_spell() {
        let check = |name: &str, expected: bool| assert_eq!(is_usable(name), expected, "{name}");
        for name in ["peak", "peak-rate", "größe", "_a", "a1", "users"] {
            check(name, true);
        }
        for name in ["", "1a", "a.b", "a b", "-a", "a-", "a--b", "now", "iteration", "true", "${x}"] {
            check(name, false);
        }
    }

    #[test]
    fn a_value_from_outside_is_of_the_declared_kind() {
        let check = |text: &str, kind: Kind, expected: Option<&str>| {
            let found = read_as(text, Some(kind)).map(|value| value.to_string());
            assert_eq!(found.as_deref(), expected, "{text} as {kind}");
        };
        check("300/s", Kind::Rate, Some("300/s"));
        check("300", Kind::Rate, None);
        check("5", Kind::Int, Some("5"));
        check("5.5", Kind::Int, None);
        check("5", Kind::Float, Some("5.0"));
        check("inf", Kind::Float, None);
        check("#true", Kind::Bool, Some("true"));
        check("5m", Kind::Text, Some("5m"));
        check("5%", Kind::Share, Some("5%"));
        check("1MiB", Kind::Size, Some("1MiB"));
        check("1h", Kind::Duration, Some("1h"));
    }
}
