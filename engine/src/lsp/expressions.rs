//! Names and functions that may stand in the `${…}` at the cursor.

use throng_systems::behavior::FUNCTIONS;

use crate::loader::WrittenNode;

/// Steps whose first value is the name of a variable.
const MAKERS: &[&str] = &["set", "save", "take"];

/// Names that every expression knows.
const ALWAYS: &[(&str, &str)] = &[
    ("now", "The time since the run's start."),
    ("user.id", "The virtual user's number."),
    ("iteration", "The iteration's number."),
];

/// Where the name at the end of a half-written text begins, when it stands in an open `${`.
///
/// `text` is what stands before the cursor, from the value's first quote on.
pub(super) fn name_start(text: &str) -> Option<usize> {
    let open = text.rfind("${").filter(|at| !text[..*at].ends_with('$'))?;
    let inside = &text[open + 2..];
    if !text.starts_with(['"', '#']) || inside.contains('}') {
        return None;
    }
    let in_name = |letter: char| letter.is_alphanumeric() || "-_.".contains(letter);
    let name = inside.chars().rev().take_while(|letter| in_name(*letter)).map(char::len_utf8).sum::<usize>();
    Some(text.len() - name)
}

/// The names, each with a summary; those of the workload first.
pub(super) fn names(nodes: &[WrittenNode]) -> Vec<(String, &'static str)> {
    let mut found: Vec<(String, &str)> = Vec::new();
    let mut open: Vec<&WrittenNode> = nodes.iter().rev().collect();
    while let Some(node) = open.pop() {
        open.extend(node.children.iter().rev());
        let summary = match node.name.text.as_str() {
            "param" => "A parameter of this workload.",
            name if MAKERS.contains(&name) => "A variable of this workload.",
            _ => continue,
        };
        let Some(name) = node.arguments.first().map(|argument| argument.text.clone()) else { continue };
        if !found.iter().any(|(known, _)| *known == name) {
            found.push((name, summary));
        }
    }
    found.extend(ALWAYS.iter().map(|(name, summary)| ((*name).to_owned(), *summary)));
    found.extend(FUNCTIONS.iter().map(|function| (format!("{}(", function.name), function.summary)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_begin_within_open_expressions() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(name_start(text).map(|start| &text[start..]), expected, "{text}");
        };
        check("\"a ${", Some(""));
        check("\"${basket + to", Some("to"));
        check("\"${a} ${user.i", Some("user.i"));
        check("#\"{${é", Some("é"));
        check("\"${a}", None);
        check("\"$${a", None);
        check("\"a", None);
        check("${a", None);
    }
}
