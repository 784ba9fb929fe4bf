//! Whether a service gets more than it can ever serve: told before a simulation whose queue would only grow.

use std::sync::Arc;

use throng_components::target::TargetId;
use throng_components::workload::{Label, Mistake, Node, Problem, Rate, Span};
use throng_systems::behavior::Program;
use throng_systems::drivers::simulated::Service;

use crate::loader::workload::ScenarioPlan;

/// A service without a bound on its queue that cannot keep up with the highest rate asked of it.
#[derive(Clone, Debug, PartialEq)]
struct Overloaded {
    service: String,
    span: Span,
    /// Requests a second that come, and that it can serve.
    comes: f64,
    serves: f64,
}

impl Mistake for Overloaded {
    fn code(&self) -> &'static str {
        "T0259"
    }

    fn message(&self) -> String {
        format!("the service `{}` gets more than it can serve", self.service)
    }

    fn labels(&self) -> Vec<Label> {
        let Self { comes, serves, .. } = self;
        vec![Label::new(self.span, format!("{comes:.1}/s at the highest rate, it can serve {serves:.1}/s"))]
    }

    fn help(&self) -> Option<String> {
        Some(
            "give it more `servers`, a `queue` with a `limit`, or ask for less: its queue only grows"
                .to_owned(),
        )
    }
}

/// What comes to one service: requests a second, and the work that they bring in servers.
#[derive(Clone, Copy, Debug, Default)]
struct Load {
    comes: f64,
    work: f64,
}

impl Load {
    /// Adds requests a second, each of which keeps a server for so many seconds: its own work and that of calls, when
    /// nobody waits anywhere.
    fn add(&mut self, comes: f64, held: f64) {
        self.comes += comes;
        self.work += comes * held;
    }
}

/// Warns of services that get more than they can serve, by what open scenarios ask of them at their highest rate. All
/// that hangs on conditions, retries or closed users is left out, so that what is told is certain.
pub(in crate::loader::lower) fn warnings(
    nodes: &[&Node],
    services: &[Service],
    scenarios: &[Option<ScenarioPlan>],
    programs: &[Arc<Program>],
) -> Vec<Problem> {
    let order = callees_first(services);
    let mut calls = vec![0.0; services.len()];
    for place in &order {
        let awaited = services[*place].calls.iter().map(|call| {
            let callee = call.service.index();
            call.factor * (calls[callee] + services[callee].time.mean() / 1e9)
        });
        calls[*place] = awaited.sum();
    }
    let mut loads = vec![Load::default(); services.len()];
    for plan in scenarios.iter().flatten() {
        let behavior = usize::from(plan.scenario.behavior);
        let (Some((_, curve)), Some(program)) = (&plan.arrivals, programs.get(behavior)) else { continue };
        let rate = curve.peak() as f64 / Rate::PER_SECOND as f64;
        for visit in program.visits() {
            let Some(place) = answering(services, visit.target) else { continue };
            let own = services[place].step(visit.step).and_then(|step| step.time.as_ref());
            let mean = own.unwrap_or(&services[place].time).mean() / 1e9;
            loads[place].add(rate * visit.least, mean + calls[place]);
        }
    }
    for place in order.iter().rev() {
        let answered = loads[*place].comes * (1.0 - services[*place].fails.0);
        for call in &services[*place].calls {
            let callee = call.service.index();
            let mean = services[callee].time.mean() / 1e9;
            loads[callee].add(answered * call.factor, mean + calls[callee]);
        }
    }
    let told = services.iter().zip(nodes).zip(&loads).filter_map(|((service, node), load)| {
        let servers = f64::from(service.servers);
        let is_told = service.queue.limit.is_none() && load.work >= servers;
        let span = node.text(0).map_or(node.name.span, |name| name.span);
        let most = load.comes * servers / load.work;
        let overloaded = Overloaded { service: service.name.clone(), span, comes: load.comes, serves: most };
        is_told.then(|| Problem::from(overloaded))
    });
    told.collect()
}

/// The service that answers for a target.
fn answering(services: &[Service], target: TargetId) -> Option<usize> {
    services.iter().position(|service| service.target == Some(target))
}

/// All services, each behind those that it calls. There is no circle of calls.
fn callees_first(services: &[Service]) -> Vec<usize> {
    let mut order = Vec::with_capacity(services.len());
    let mut seen = vec![false; services.len()];
    for start in 0..services.len() {
        // The way from the start: who, and how many of its calls were followed.
        let mut way = if seen[start] { Vec::new() } else { vec![(start, 0)] };
        seen[start] = true;
        while let Some((place, followed)) = way.last_mut() {
            let call = services[*place].calls.get(*followed);
            *followed += 1;
            match call.map(|call| call.service.index()) {
                Some(callee) if !seen[callee] => {
                    seen[callee] = true;
                    way.push((callee, 0));
                }
                Some(_) => {}
                None => order.extend(way.pop().map(|(place, _)| place)),
            }
        }
    }
    order
}
