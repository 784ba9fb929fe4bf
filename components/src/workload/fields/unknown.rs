//! What stands in a node and not in its specification.

use super::super::field_mistake::FieldMistake;
use super::super::node::Node;
use super::super::span::Span;
use super::{Fields, instead};

impl Fields<'_> {
    /// Reports every property, argument and child that the specification lacks.
    pub(super) fn report_unknown(&mut self) {
        let (node, spec) = (self.node, self.spec);
        let (label, owner) = (self.label(), node.head());
        let known: Vec<&str> = spec.properties.iter().map(|field| field.name).collect();
        for (name, entry) in &node.properties {
            if spec.later.contains(&name.value.as_str()) {
                let mistake =
                    FieldMistake::NotYet { node: label.clone(), span: name.span, name: name.value.clone() };
                self.problems.push(mistake);
            } else if !known.contains(&name.value.as_str()) {
                self.problems.push(FieldMistake::UnknownProperty {
                    node: label.clone(),
                    owner,
                    span: name.span,
                    name: name.value.clone(),
                    known: known.clone(),
                    instead: instead::of_property(&label, &name.value, &entry.value, spec),
                });
            }
        }
        if !spec.more_arguments {
            for entry in node.arguments.iter().skip(self.skipped + spec.arguments.len()) {
                self.problems.push(FieldMistake::UnexpectedArgument {
                    node: label.clone(),
                    owner,
                    span: entry.span,
                    value: entry.value.to_string(),
                    instead: instead::of_argument(&label, &entry.value, spec),
                });
            }
        }
        for child in &node.children {
            if spec.later.contains(&child.name.value.as_str()) {
                self.problems.push(FieldMistake::NotYet {
                    node: label.clone(),
                    span: child.name.span,
                    name: child.name.value.clone(),
                });
            } else if !spec.any_children && !spec.children.contains(&child.name.value.as_str()) {
                self.unknown_child_of(owner, child, spec.children);
            }
        }
    }

    /// Notes that a child is not one of the known ones.
    pub fn unknown_child(&mut self, child: &Node, known: &[&'static str]) {
        self.unknown_child_of(self.node.head(), child, known);
    }

    fn unknown_child_of(&mut self, owner: Span, child: &Node, known: &[&'static str]) {
        self.problems.push(FieldMistake::UnknownChild {
            node: self.label(),
            owner,
            span: child.name.span,
            name: child.name.value.clone(),
            known: known.to_vec(),
            instead: instead::of_child(&self.label(), &child.name.value, self.spec),
        });
    }

    /// Notes that something of the language is not in this version.
    pub fn not_yet(&mut self, name: &str, span: Span) {
        self.problems.push(FieldMistake::NotYet { node: self.label(), span, name: name.to_owned() });
    }
}
