//! What laws of time share: parameters above 0, parameters of which only some go together, and the longest time.

use throng_components::clock::Nanos;
use throng_components::workload::{Fields, Label, Mistake, Node, Problem, Problems, Span};

use super::Law;

/// The longest time that is drawn, as it is the longest that a workload may say: 292 years.
pub(super) const LONGEST: Nanos = Nanos(i64::MAX.unsigned_abs());

/// A drawn number of nanoseconds as a time: the nearest whole one, from 0 to [`LONGEST`]; NaN becomes 0.
///
/// By way of a signed number, whose greatest is that time: an unsigned one costs as much again as the whole draw.
#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
pub(super) fn time(nanos: f64) -> Nanos {
    Nanos(((nanos + 0.5) as i64).max(0).cast_unsigned())
}

/// A property that has to be above 0 where it is there.
pub(super) fn positive(fields: &mut Fields<'_>, name: &'static str) -> Option<Nanos> {
    let time = fields.duration(name)?;
    if time > Nanos::ZERO {
        return Some(time);
    }
    if let Some(entry) = fields.node().property(name) {
        fields.quantity_out_of_bounds(name, entry, "1ns", "292 years");
    }
    None
}

/// Reads `mean=`, which has to be there and above 0.
pub(super) fn required_mean(fields: &mut Fields<'_>) -> Option<Nanos> {
    fields.require("mean");
    positive(fields, "mean")
}

/// A mistake in a law's parameters as a whole.
#[derive(Debug)]
enum LawMistake {
    /// They are those of no form of the law, or of two.
    Form {
        kind: &'static str,
        forms: String,
        surplus: Vec<Span>,
        missing: Option<(Span, String)>,
        help: String,
    },
    /// Each stands within its bounds, and the mean that follows from them does not.
    TooLong { kind: &'static str, span: Span, years: f64 },
}

impl Mistake for LawMistake {
    fn code(&self) -> &'static str {
        match self {
            Self::Form { .. } => "T0246",
            Self::TooLong { .. } => "T0247",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Form { kind, forms, .. } => format!("`{kind}` is given by {forms}"),
            Self::TooLong { kind, .. } => format!("the mean of this `{kind}` is above 292 years"),
        }
    }

    fn labels(&self) -> Vec<Label> {
        match self {
            Self::Form { surplus, missing, .. } => {
                let surplus = surplus.iter().map(|span| Label::new(*span, "does not go with the others"));
                let missing =
                    missing.iter().map(|(span, names)| Label::new(*span, format!("{names} missing")));
                surplus.chain(missing).collect()
            }
            Self::TooLong { span, years, .. } if years.is_finite() => {
                vec![Label::new(*span, format!("{years:.3e} years on average"))]
            }
            Self::TooLong { span, .. } => vec![Label::new(*span, "longer than can be counted")],
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Form { help, .. } => Some(help.clone()),
            Self::TooLong { .. } => Some("use shorter times, or let them vary less".to_owned()),
        }
    }
}

/// Names of properties as a message has them: `a=`, `b=` and `c=`.
fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}=`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// The ways in which a law can be given.
pub(super) struct Forms {
    /// The law.
    pub(super) kind: &'static str,
    /// The properties of each.
    pub(super) each: &'static [&'static [&'static str]],
    /// A way that has no properties; empty for none.
    pub(super) besides: &'static str,
    /// One of them, written out.
    pub(super) sample: &'static str,
}

impl Forms {
    fn listed(&self) -> String {
        let forms = self.each.iter().map(|form| listed(form));
        let besides = Some(self.besides.to_owned()).filter(|besides| !besides.is_empty());
        forms.chain(besides).collect::<Vec<_>>().join(", or by ")
    }

    /// Which of the forms a node has: the one whose properties are there, and no others.
    ///
    /// A problem is told by the form that has the most in common with the node.
    pub(super) fn find(&self, fields: &mut Fields<'_>) -> Option<usize> {
        let node = fields.node();
        let is_there = |name: &str| node.property(name).is_some();
        let there = |form: &[&str]| form.iter().filter(|name| is_there(name)).count();
        let given = self.given(node);
        let fits = |form: &&[&str]| form.len() == given.len() && there(form) == given.len();
        if let Some(found) = self.each.iter().position(fits) {
            return Some(found);
        }
        let nearest = self.each.iter().rev().max_by_key(|form| there(form))?;
        let surplus = given.iter().filter(|(name, _)| !nearest.contains(name));
        let missing: Vec<&str> = nearest.iter().copied().filter(|name| !is_there(name)).collect();
        let is = if missing.len() > 1 { "are" } else { "is" };
        fields.problem(LawMistake::Form {
            kind: self.kind,
            forms: self.listed(),
            surplus: surplus.map(|(_, span)| *span).collect(),
            missing: (!missing.is_empty()).then(|| (node.head(), format!("{} {is}", listed(&missing)))),
            help: if given.is_empty() {
                format!("for example: `{}`", self.sample)
            } else {
                format!("write {}, and no other of them", listed(nearest))
            },
        });
        None
    }

    /// Refuses every property of a form: the node is given in the way that has none.
    pub(super) fn refuse_all(&self, fields: &mut Fields<'_>) {
        let surplus: Vec<Span> = self.given(fields.node()).iter().map(|(_, span)| *span).collect();
        if !surplus.is_empty() {
            let help = format!("remove them, or the {}", self.besides);
            fields.problem(LawMistake::Form {
                kind: self.kind,
                forms: self.listed(),
                surplus,
                missing: None,
                help,
            });
        }
    }

    /// The properties of any form that a node has, and where their values stand.
    fn given<'a>(&self, node: &'a Node) -> Vec<(&'a str, Span)> {
        let all = node.properties.iter().map(|(name, entry)| (name.value.as_str(), entry.span));
        all.filter(|(name, _)| self.each.iter().any(|form| form.contains(name))).collect()
    }
}

/// A law whose mean can be counted.
///
/// # Errors
/// When its mean is above [`LONGEST`].
pub(super) fn with_a_mean<L: Law>(law: L, kind: &'static str, node: &Node) -> Result<L, Problems> {
    let mean = law.mean();
    if mean <= LONGEST.0 as f64 {
        return Ok(law);
    }
    let years = mean / (365.25 * 86_400.0 * 1e9);
    Err(Problem::from(LawMistake::TooLong { kind, span: node.head(), years }).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_whole_and_keep_to_their_ends() {
        let check = |nanos: f64, expected: u64| assert_eq!(time(nanos), Nanos(expected), "{nanos}");
        check(0.49, 0);
        check(0.5, 1);
        check(1e9, 1_000_000_000);
        check(-1e9, 0);
        check(f64::NAN, 0);
        check(9.3e18, LONGEST.0);
        check(f64::INFINITY, LONGEST.0);
    }
}
