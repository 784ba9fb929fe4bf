//! Shows problems as programs read them. `engine/docs/diagnostics.md` is the page of both forms.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use throng_components::workload::{Label, Problem, Span};

use super::credentials::masked;
use super::diagnostics::Severity;
use super::lines::Places;
use super::pages::{page, slug};
use super::source::Sources;

/// Renders problems as JSON: one object a line.
pub fn render_json(problems: &[Problem], sources: &Sources, severity: Severity) -> String {
    let mut places = Places::of(sources);
    let mut text = String::new();
    for problem in problems {
        let mut object = Map::new();
        object.insert("code".to_owned(), problem.code.into());
        object.insert("slug".to_owned(), slug(problem.code).into());
        object.insert("severity".to_owned(), word(severity).into());
        object.insert("message".to_owned(), masked(&problem.message).into());
        object.insert("help".to_owned(), problem.help.clone().into());
        object.insert("page".to_owned(), page_of(problem.code));
        if let Some(label) = problem.labels.first() {
            object.append(&mut place(&mut places, label.span));
        }
        let labels: Vec<Value> = problem.labels.iter().map(|label| labeled(&mut places, label)).collect();
        object.insert("labels".to_owned(), labels.into());
        let _ = writeln!(text, "{}", Value::Object(object));
    }
    text
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The title of a code's page, and the command that shows all of it.
fn page_of(code: &str) -> Value {
    let title = page(code).map(super::pages::Page::title);
    json!({ "title": title, "command": format!("throng explain {code}") })
}

fn place(places: &mut Places<'_>, span: Span) -> Map<String, Value> {
    let place = places.find(span);
    let mut object = Map::new();
    object.insert("file".to_owned(), place.file.into());
    object.insert("line".to_owned(), place.start.0.into());
    object.insert("column".to_owned(), place.start.1.into());
    object.insert("end".to_owned(), json!({ "line": place.end.0, "column": place.end.1 }));
    object.insert("bytes".to_owned(), json!({ "start": span.start, "end": span.start + span.length }));
    object
}

fn labeled(places: &mut Places<'_>, label: &Label) -> Value {
    let mut object = place(places, label.span);
    object.insert("text".to_owned(), label.text.clone().into());
    Value::Object(object)
}

/// Renders problems as GitHub's workflow commands: one line each, shown as an annotation at its place.
pub fn render_github(problems: &[Problem], sources: &Sources, severity: Severity) -> String {
    let mut places = Places::of(sources);
    let mut text = String::new();
    for problem in problems {
        let mut properties = String::new();
        if let Some(label) = problem.labels.first() {
            let place = places.find(label.span);
            let file = property(place.file.unwrap_or_default());
            let _ = write!(properties, "file={file},line={}", place.start.0);
            // Columns are those of one line; over several lines GitHub takes none.
            let _ = if place.start.0 == place.end.0 {
                write!(properties, ",col={},endColumn={},", place.start.1, place.end.1)
            } else {
                write!(properties, ",endLine={},", place.end.0)
            };
        }
        let message = data(&masked(&message(problem)));
        let (word, code) = (word(severity), problem.code);
        let _ = writeln!(text, "::{word} {properties}title={code}::{message}");
    }
    text
}

/// What is wrong and how to mend it, in a few lines of plain text.
fn message(problem: &Problem) -> String {
    let mut text = problem.message.clone();
    if let Some(help) = &problem.help {
        let _ = write!(text, "\nhelp: {help}");
    }
    text
}

/// Escapes what a workflow command would end with.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what a workflow command's property would end with.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
