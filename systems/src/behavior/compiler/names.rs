//! What names in a behaviour's expressions stand for.

use std::sync::Arc;

use throng_components::workload::Span;

use super::Compiler;
use crate::behavior::answer::{Capture, ResultField};
use crate::behavior::template::{Name, Resolve};
use crate::behavior::value::Value;

impl Resolve for Compiler<'_> {
    fn resolve(&mut self, path: &str) -> Option<Name> {
        match path {
            "now" => return Some(Name::Now),
            "user.id" => return Some(Name::UserId),
            "iteration" => return Some(Name::Iteration),
            _ => {}
        }
        if let Some(slot) = self.slots.get(path) {
            return Some(Name::Variable(*slot));
        }
        let (step, field) = path.rsplit_once('.')?;
        let (_, field) = ResultField::ALL.iter().find(|(name, _)| *name == field)?;
        if !self.step_names.contains(step) {
            return None;
        }
        let slot = self.variable(path, Span::default());
        self.captured.entry(step.to_owned()).or_default().push(Capture { slot, field: *field });
        Some(Name::Variable(slot))
    }

    fn constant(&mut self, path: &str) -> Option<Value> {
        self.constants.parameter(path).map(|parameter| parameter.value.clone())
    }

    fn environment(&mut self, name: &str) -> Option<Arc<str>> {
        self.constants.variable(name).flatten()
    }

    fn known(&self) -> Vec<String> {
        if !self.declared.budget.suggests() {
            return Vec::new();
        }
        let own = |name: &&str| !self.program.variables.iter().any(|known| known == name);
        let parameters = self.constants.names().filter(own).map(str::to_owned);
        let fixed = ["now", "user.id", "iteration"].map(str::to_owned);
        let variables = self.program.variables.iter().filter(|name| !name.starts_with(' ')).cloned();
        let figures = self
            .step_names
            .iter()
            .flat_map(|step| ResultField::ALL.iter().map(move |(field, _)| format!("{step}.{field}")));
        fixed.into_iter().chain(variables).chain(figures).chain(parameters).collect()
    }
}
