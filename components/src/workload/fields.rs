//! Reads one node against its specification: every value typed, every leftover reported, every mistake kept.

mod instead;
mod unknown;

use super::field_mistake::FieldMistake;
use super::nearest::meant;
use super::node::{Entry, Node, Scalar};
use super::problem::{Problem, Problems};
use super::span::Spanned;
use super::specification::{NodeSpec, ValueKind};
use super::units::{
    Limit, Rate, Share, Size, UnitMistake, parse_duration, parse_rate, parse_share, parse_size,
};
use crate::clock::Nanos;

/// Reads one node's values against its specification.
///
/// Getters return `None` for what is absent and for what is wrong; the second is kept as a problem. At the end
/// [`Fields::finish`] gives the value, or all problems of the node.
pub struct Fields<'a> {
    node: &'a Node,
    spec: &'static NodeSpec,
    /// Arguments before the specification's first one: the kind word of a plug-in, and a name before it.
    skipped: usize,
    problems: Problems,
}

/// Whether one of these names was meant to be the missing one: what is told of that says enough.
fn is_misspelt<'a>(missing: &str, mut written: impl Iterator<Item = &'a str>, known: &[&str]) -> bool {
    written.any(|name| !known.contains(&name) && meant(name, known) == Some(missing))
}

impl<'a> Fields<'a> {
    /// Starts to read; reports at once every property, argument and child that the specification lacks.
    ///
    /// `skipped` arguments in front are somebody else's: the kind word of a plug-in.
    pub fn of(node: &'a Node, spec: &'static NodeSpec, skipped: usize) -> Self {
        let mut fields = Self { node, spec, skipped, problems: Problems::new() };
        fields.report_unknown();
        fields
    }

    /// The node as messages call it: its name, and its kind where it has one.
    fn label(&self) -> String {
        if self.spec.name == self.node.name.value || self.skipped == 0 {
            self.node.name.value.clone()
        } else {
            format!("{} {}", self.node.name.value, self.spec.name)
        }
    }

    /// Notes a mistake of the caller's own.
    pub fn problem(&mut self, problem: impl Into<Problem>) {
        self.problems.push(problem);
    }

    /// Takes over another reader's problems, or its value.
    pub fn take<T>(&mut self, result: Result<T, Problems>) -> Option<T> {
        self.problems.take(result)
    }

    /// The node that is read.
    pub fn node(&self) -> &'a Node {
        self.node
    }

    /// The specification's argument `index`, checked for presence.
    fn argument(&mut self, index: usize) -> Option<(&'static str, &'a Entry)> {
        let spec = self.spec.arguments[index];
        let entry = self.node.arguments.get(self.skipped + index);
        // `set x=1` has been told of.
        let joined = !self.node.properties.is_empty() && instead::takes_name_and_value(self.spec);
        if entry.is_none() && spec.required && !joined {
            self.problems.push(FieldMistake::MissingArgument {
                node: self.label(),
                owner: self.node.head(),
                argument: spec.name,
                sample: self.spec.sample,
            });
        }
        Some((spec.name, entry?))
    }

    fn entry(&mut self, name: &'static str) -> Option<&'a Entry> {
        debug_assert!(
            self.spec.properties.iter().any(|field| field.name == name),
            "`{}` reads `{name}`, which its specification lacks",
            self.spec.name
        );
        self.node.property(name)
    }

    /// Whether a property stands there that nothing knows: it may have been meant as one that is missing.
    pub fn has_unknown_property(&self) -> bool {
        let known = |name: &str| self.spec.properties.iter().any(|field| field.name == name);
        self.node.properties.iter().any(|(name, _)| !known(&name.value))
    }

    /// Whether a node stands inside that nothing knows: it may have been meant as one that is missing.
    pub fn has_unknown_child(&self) -> bool {
        self.node.children.iter().any(|child| !self.spec.children.contains(&child.name.value.as_str()))
    }

    /// Notes that a property must be there, when it is not.
    pub fn require(&mut self, name: &'static str) {
        let known: Vec<&str> = self.spec.properties.iter().map(|field| field.name).collect();
        let written = self.node.properties.iter().map(|(key, _)| key.value.as_str());
        if self.node.property(name).is_none() && !is_misspelt(name, written, &known) {
            self.problems.push(FieldMistake::MissingProperty {
                node: self.label(),
                owner: self.node.head(),
                property: name,
                sample: self.spec.sample,
            });
        }
    }

    /// Notes that every property that the specification gives no default must be there.
    pub fn require_all(&mut self) {
        for field in self.spec.properties.iter().filter(|field| field.default.is_empty()) {
            self.require(field.name);
        }
    }

    /// The only child of that name; a second one is a problem.
    pub fn child(&mut self, name: &'static str) -> Option<&'a Node> {
        let mut found = self.node.children_named(name);
        let first = found.next()?;
        if let Some(second) = found.next() {
            self.problems.push(FieldMistake::Repeated {
                node: self.label(),
                span: second.name.span,
                first: first.name.span,
                name,
            });
        }
        Some(first)
    }

    /// As [`Fields::child`]; its absence is a problem.
    pub fn required_child(&mut self, name: &'static str) -> Option<&'a Node> {
        let child = self.child(name);
        let written = self.node.children.iter().map(|child| child.name.value.as_str());
        if child.is_none() && !is_misspelt(name, written, self.spec.children) {
            self.problems.push(FieldMistake::MissingChild {
                node: self.label(),
                owner: self.node.head(),
                child: name,
                sample: self.spec.sample,
            });
        }
        child
    }

    /// All problems so far, or the value. `None` without a problem is a reader's own defect.
    ///
    /// # Errors
    /// All problems of the node.
    ///
    /// # Panics
    /// When a reader gives `None` and has noted no problem.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, Problems> {
        if let Some(value) = value {
            return self.problems.or(value);
        }
        assert!(!self.problems.is_empty(), "`{}` was refused without a problem", self.spec.name);
        Err(self.problems)
    }

    /// A positional text or name.
    pub fn text_argument(&mut self, index: usize) -> Option<Spanned<&'a str>> {
        let kind = self.spec.arguments[index].kind;
        let (what, entry) = self.argument(index)?;
        self.text_of(what, entry, kind)
    }

    /// A positional duration.
    pub fn duration_argument(&mut self, index: usize) -> Option<Nanos> {
        let (what, entry) = self.argument(index)?;
        self.quantity(what, entry, ValueKind::Duration, parse_duration)
    }

    /// A positional rate.
    pub fn rate_argument(&mut self, index: usize) -> Option<Rate> {
        let (what, entry) = self.argument(index)?;
        self.quantity(what, entry, ValueKind::Rate, parse_rate)
    }

    /// A positional whole number between two bounds, both allowed.
    pub fn count_argument(&mut self, index: usize, least: u64, most: u64) -> Option<u64> {
        let (what, entry) = self.argument(index)?;
        self.count_of(what, entry, least, most)
    }

    /// Positional rates from `index` on; `None` where one of them is wrong, or none is there.
    pub fn rate_arguments(&mut self, index: usize) -> Option<Vec<Rate>> {
        self.arguments(index, |fields, what, entry| fields.quantity(what, entry, ValueKind::Rate, parse_rate))
    }

    /// Positional whole numbers between two bounds from `index` on; `None` where one of them is wrong, or none is there.
    pub fn count_arguments(&mut self, index: usize, least: u64, most: u64) -> Option<Vec<u64>> {
        self.arguments(index, |fields, what, entry| fields.count_of(what, entry, least, most))
    }

    fn arguments<T>(
        &mut self,
        index: usize,
        read: impl Fn(&mut Self, &'static str, &'a Entry) -> Option<T>,
    ) -> Option<Vec<T>> {
        let (what, _) = self.argument(index)?;
        let entries = self.node.arguments.iter().skip(self.skipped + index);
        let read: Vec<Option<T>> = entries.map(|entry| read(self, what, entry)).collect();
        read.into_iter().collect()
    }

    /// A positional value of any form.
    pub fn any_argument(&mut self, index: usize) -> Option<&'a Entry> {
        self.argument(index).map(|(_, entry)| entry)
    }

    /// A property's text.
    pub fn text(&mut self, name: &'static str) -> Option<Spanned<&'a str>> {
        let entry = self.entry(name)?;
        let field = self.spec.properties.iter().find(|field| field.name == name);
        self.text_of(name, entry, field.map_or(ValueKind::Text, |field| field.kind))
    }

    /// A property that is one of a few words.
    pub fn word(&mut self, name: &'static str) -> Option<&'static str> {
        let entry = self.entry(name)?;
        let field = self.spec.properties.iter().find(|field| field.name == name)?;
        self.word_of(name, entry, field.kind)
    }

    /// Positional words from `index` on, each one of a few.
    pub fn word_arguments(&mut self, index: usize) -> Vec<&'static str> {
        let (what, kind) = (self.spec.arguments[index].name, self.spec.arguments[index].kind);
        self.argument(index);
        let entries = self.node.arguments.iter().skip(self.skipped + index);
        entries.filter_map(|entry| self.word_of(what, entry, kind)).collect()
    }

    fn word_of(&mut self, what: &'static str, entry: &'a Entry, kind: ValueKind) -> Option<&'static str> {
        let ValueKind::Word(known) = kind else { return None };
        let text = self.text_of(what, entry, kind)?;
        let found = known.iter().find(|word| **word == text.value);
        if found.is_none() {
            self.problems.push(FieldMistake::UnknownWord {
                what,
                span: text.span,
                found: text.value.to_owned(),
                known,
            });
        }
        found.copied()
    }

    /// A property's duration.
    pub fn duration(&mut self, name: &'static str) -> Option<Nanos> {
        let entry = self.entry(name)?;
        self.quantity(name, entry, ValueKind::Duration, parse_duration)
    }

    /// A property's rate.
    pub fn rate(&mut self, name: &'static str) -> Option<Rate> {
        let entry = self.entry(name)?;
        self.quantity(name, entry, ValueKind::Rate, parse_rate)
    }

    /// A property's share.
    pub fn share(&mut self, name: &'static str) -> Option<Share> {
        let entry = self.entry(name)?;
        self.quantity(name, entry, ValueKind::Share, parse_share)
    }

    /// A property's size.
    pub fn size(&mut self, name: &'static str) -> Option<Size> {
        let entry = self.entry(name)?;
        self.quantity(name, entry, ValueKind::Size, parse_size)
    }

    /// A property's whole number between two bounds, both allowed.
    pub fn count(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let entry = self.entry(name)?;
        self.count_of(name, entry, least, most)
    }

    /// A property's number between two bounds, both allowed.
    pub fn number(&mut self, name: &'static str, least: f64, most: f64) -> Option<f64> {
        let entry = self.entry(name)?;
        self.number_of(name, entry, least, most)
    }

    /// A share or a count.
    pub fn limit(&mut self, name: &'static str) -> Option<Limit> {
        let entry = self.entry(name)?;
        match self.known(entry)? {
            Scalar::Text(_) => {
                self.quantity(name, entry, ValueKind::Limit, |text| parse_share(text).map(Limit::Share))
            }
            Scalar::Integer(_) => self.count_of(name, entry, 0, u64::MAX).map(Limit::Count),
            _ => self.wrong_form(name, entry, ValueKind::Limit),
        }
    }

    fn text_of(&mut self, what: &'static str, entry: &'a Entry, kind: ValueKind) -> Option<Spanned<&'a str>> {
        let value = if kind == ValueKind::Template { &entry.value } else { self.known(entry)? };
        match value {
            Scalar::Text(text) => Some(Spanned::new(text.as_str(), entry.span)),
            _ => self.wrong_form(what, entry, kind),
        }
    }

    /// The value that is read, whose `${…}` must not wait for the run.
    fn known(&mut self, entry: &'a Entry) -> Option<&'a Scalar> {
        match entry.before_run.as_deref() {
            None => Some(&entry.value),
            Some(Ok(value)) => Some(value),
            Some(Err(problems)) => {
                self.problems.append(problems.clone());
                None
            }
        }
    }

    fn wrong_form<T>(&mut self, what: &'static str, entry: &Entry, kind: ValueKind) -> Option<T> {
        let found = entry.known().clone();
        self.problems.push(FieldMistake::WrongForm { what, span: entry.span, found, kind });
        None
    }

    fn count_of(&mut self, what: &'static str, entry: &'a Entry, least: u64, most: u64) -> Option<u64> {
        let Scalar::Integer(number) = self.known(entry)? else {
            return self.wrong_form(what, entry, ValueKind::Count);
        };
        match u64::try_from(*number) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => self.out_of_bounds(what, entry, &least.to_string(), &most.to_string()),
        }
    }

    fn number_of(&mut self, what: &'static str, entry: &'a Entry, least: f64, most: f64) -> Option<f64> {
        let number = match self.known(entry)? {
            Scalar::Integer(number) => *number as f64,
            Scalar::Float(number) if !number.is_nan() => *number,
            _ => return self.wrong_form(what, entry, ValueKind::Number),
        };
        if (least..=most).contains(&number) {
            Some(number)
        } else {
            self.out_of_bounds(what, entry, &least.to_string(), &most.to_string())
        }
    }

    fn out_of_bounds<T>(&mut self, what: &'static str, entry: &Entry, least: &str, most: &str) -> Option<T> {
        self.problems.push(FieldMistake::OutOfBounds {
            what,
            span: entry.span,
            found: entry.known().to_string(),
            least: least.to_owned(),
            most: most.to_owned(),
        });
        None
    }

    /// Notes that a quantity is outside its bounds, said in the quantity's own form.
    pub fn quantity_out_of_bounds(&mut self, what: &'static str, entry: &Entry, least: &str, most: &str) {
        self.out_of_bounds::<()>(what, entry, least, most);
    }

    fn quantity<T>(
        &mut self,
        what: &'static str,
        entry: &'a Entry,
        kind: ValueKind,
        parse: impl Fn(&str) -> Result<T, UnitMistake>,
    ) -> Option<T> {
        let Scalar::Text(text) = self.known(entry)? else { return self.wrong_form(what, entry, kind) };
        match parse(text) {
            Ok(value) => Some(value),
            Err(mistake) => {
                let found = text.clone();
                self.problems.push(FieldMistake::BadQuantity {
                    what,
                    span: entry.span,
                    found,
                    kind,
                    mistake,
                });
                None
            }
        }
    }
}
