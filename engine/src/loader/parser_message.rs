//! What the parser says of a text, and how much of that is worth telling.

use kdl::KdlDiagnostic;

/// Whether a diagnostic mostly follows from another one: whatever breaks a node also unbalances its braces.
pub(super) fn follows(diagnostic: &KdlDiagnostic) -> bool {
    let message = diagnostic.message.as_deref().unwrap_or("");
    ["No closing '}'", "Closing '}'", "Expected end of document"]
        .iter()
        .any(|start| message.starts_with(start))
}

/// A parser's message in the house's form: lower case, values in backticks, no full stop.
pub(super) fn sentence(message: &str) -> String {
    let mut letters = message.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", letters.as_str().replace('\'', "`"))
}
