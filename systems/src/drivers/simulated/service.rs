//! A modelled service as it is declared: servers, a queue in front of them, laws of time, what it asks of others.

use std::sync::Arc;

use bevy_ecs::component::Component;
use throng_components::clock::Nanos;
use throng_components::sample::StepId;
use throng_components::service::ServiceId;
use throng_components::target::TargetId;
use throng_components::workload::Share;

use crate::plugins::laws::Law;
use crate::plugins::queues::QueuePlan;

/// A service that answers for a target under `simulate`, or for another service. A system may change it; what is under way
/// goes on as it began.
#[derive(Component, Clone, Debug)]
pub struct Service {
    /// Its name: the target's, where it answers for one.
    pub name: String,
    /// Its number among all services.
    pub id: ServiceId,
    /// The target it answers for; `None` for one that only other services call.
    pub target: Option<TargetId>,
    /// How many requests it works on at one time. At least 1.
    pub servers: u32,
    /// How the others wait. A change of it holds for runs to come.
    pub queue: QueuePlan,
    /// How long it works on one.
    pub time: Arc<dyn Law>,
    /// The share of requests that it fails, after its whole time.
    pub fails: Share,
    /// What differs for some steps.
    pub steps: Vec<ServiceStep>,
    /// What it asks of other services, once its own work on a request is done; a server waits for the answers.
    pub calls: Vec<ServiceCall>,
    /// When it is not itself, in rising order.
    pub episodes: Vec<Episode>,
}

/// What differs for one step.
#[derive(Clone, Debug)]
pub struct ServiceStep {
    /// The step.
    pub step: StepId,
    /// How long the service works on it; `None` where it does as on others.
    pub time: Option<Arc<dyn Law>>,
    /// The share of its requests that fail; `None` likewise.
    pub fails: Option<Share>,
    /// How urgent it is in a queue by priority: lower first.
    pub rank: u32,
}

/// The rank of steps that say none.
pub const USUAL_RANK: u32 = 100;

/// What a service asks of another one for each of its requests.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceCall {
    /// Whom.
    pub service: ServiceId,
    /// How often, on average: 1.5 is once, and a second time for half of the requests. One call after the other.
    pub factor: f64,
    /// How long it waits for an answer; [`Nanos::MAX`] for as long as it takes.
    pub timeout: Nanos,
    /// How often it tries again after a failure.
    pub retries: u32,
    /// How long it waits before.
    pub backoff: Nanos,
}

/// A time in which a service is not itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// What is the matter with it.
    pub kind: EpisodeKind,
    /// From when on.
    pub from: Nanos,
    /// Up to when, itself excluded.
    pub until: Nanos,
}

/// What may be the matter with a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpisodeKind {
    /// It is not there: what it has is lost at once, and what comes is refused.
    Outage,
    /// It stands still: requests come in and wait, and work under way goes on afterwards.
    Stall,
}

impl Service {
    /// What holds for a step, where that differs.
    pub fn step(&self, step: StepId) -> Option<&ServiceStep> {
        self.steps.iter().find(|own| own.step == step)
    }

    /// Whether it is within an episode of that kind.
    pub fn is_in(&self, kind: EpisodeKind, now: Nanos) -> bool {
        self.episodes
            .iter()
            .any(|episode| episode.kind == kind && (episode.from..episode.until).contains(&now))
    }

    /// When work that begins now is done: no time passes for it in a stall.
    pub fn ends(&self, now: Nanos, work: Nanos) -> Nanos {
        let (mut now, mut left) = (now, work);
        for stall in self.episodes.iter().filter(|episode| episode.kind == EpisodeKind::Stall) {
            if stall.until <= now {
                continue;
            }
            let before = stall.from - now;
            if left < before || (left == before && before > Nanos::ZERO) {
                break;
            }
            left = left - before;
            now = stall.until;
        }
        now + left
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::plugins::laws::Draws;

    /// Always so long.
    #[derive(Debug)]
    pub(in crate::drivers::simulated) struct Constant(pub(in crate::drivers::simulated) Nanos);

    impl Law for Constant {
        fn draw(&self, _: &mut Draws) -> Nanos {
            self.0
        }

        fn mean(&self) -> f64 {
            self.0.0 as f64
        }
    }

    /// A service with one server that works so long on each request.
    pub(in crate::drivers::simulated) fn service(id: u16, time: u64) -> Service {
        Service {
            name: format!("service-{id}"),
            id: ServiceId(id),
            target: None,
            servers: 1,
            queue: QueuePlan::default(),
            time: Arc::new(Constant(Nanos(time))),
            fails: Share(0.0),
            steps: Vec::new(),
            calls: Vec::new(),
            episodes: Vec::new(),
        }
    }

    #[test]
    fn no_time_passes_for_work_in_a_stall() {
        let stall =
            |from, until| Episode { kind: EpisodeKind::Stall, from: Nanos(from), until: Nanos(until) };
        let outage = Episode { kind: EpisodeKind::Outage, from: Nanos(0), until: Nanos(1_000) };
        let service = Service { episodes: vec![outage, stall(100, 150), stall(200, 300)], ..service(0, 10) };
        for (now, work, ends) in [
            (0, 50, 50),
            (0, 100, 100),
            (0, 101, 151),
            (100, 0, 150),
            (90, 70, 310),
            (120, 1, 151),
            (250, 5, 305),
            (300, 5, 305),
        ] {
            assert_eq!(service.ends(Nanos(now), Nanos(work)), Nanos(ends), "{work} from {now} on");
        }
    }
}
