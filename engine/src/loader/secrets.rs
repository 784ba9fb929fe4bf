//! Values that must not be seen, and how they are kept out of what is shown.

use throng_components::workload::Problem;

/// What is shown instead of a secret.
pub(crate) const REDACTED: &str = "***";

/// The secrets of one workload: what came from the environment, and what was made of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<String>);

/// Says how many there are, and nothing of them.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl Secrets {
    /// Keeps one more; an empty text is none.
    pub(super) fn add(&mut self, secret: &str) {
        if !secret.is_empty() && !self.0.iter().any(|known| known == secret) {
            self.0.push(secret.to_owned());
            // Longer ones first: one may be a part of another.
            self.0.sort_by_key(|known| std::cmp::Reverse(known.len()));
        }
    }

    /// A text with every secret in it replaced.
    pub fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), REDACTED))
    }

    /// Takes every secret out of a problem's words.
    pub(super) fn redact_problem(&self, problem: &mut Problem) {
        if self.0.is_empty() {
            return;
        }
        problem.message = self.redact(&problem.message);
        problem.help = problem.help.as_deref().map(|help| self.redact(help));
        for label in &mut problem.labels {
            label.text = self.redact(&label.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_within_another_leaves_nothing_of_it() {
        let mut secrets = Secrets::default();
        for secret in ["abc", "", "abcdef", "abc"] {
            secrets.add(secret);
        }
        assert_eq!(secrets.redact("x abcdef abc"), "x *** ***");
        assert_eq!(format!("{secrets:?}"), "Secrets(2)");
    }
}
