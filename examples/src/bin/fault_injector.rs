//! A fault injector: a system that breaks a modelled service for a while, to see what the load makes of it.
//! `cargo run -p throng-examples --bin fault_injector -- simulate examples/fault-injector.kdl`

use bevy_ecs::prelude::*;
use throng::components::clock::{Nanos, RunClock};
use throng::components::phase::Phase;
use throng::components::workload::Share;
use throng::systems::drivers::simulated::Service;

/// What is to go wrong.
#[derive(Resource, Clone, Debug)]
struct Fault {
    /// The service it happens to.
    service: &'static str,
    /// When it begins and ends.
    from: Nanos,
    until: Nanos,
    /// The share of requests that fail meanwhile.
    fails: Share,
}

/// What the service was before, so that it can be mended.
#[derive(Component)]
struct Healthy(Share);

/// Breaks the service when the fault begins, and mends it when it ends.
fn inject(
    (clock, fault): (Res<'_, RunClock>, Res<'_, Fault>),
    mut services: Query<'_, '_, (Entity, &mut Service, Option<&Healthy>)>,
    mut commands: Commands<'_, '_>,
) {
    let broken = (fault.from..fault.until).contains(&clock.now);
    for (entity, mut service, healthy) in services.iter_mut().filter(|(_, of, _)| of.name == fault.service) {
        match healthy {
            None if broken => {
                commands.entity(entity).insert(Healthy(service.fails));
                service.fails = fault.fails;
            }
            Some(healthy) if !broken => {
                service.fails = healthy.0;
                commands.entity(entity).remove::<Healthy>();
            }
            _ => {}
        }
    }
}

pub(crate) fn app() -> throng::App {
    let (from, until) = (Nanos::from_secs(20), Nanos::from_secs(30));
    let fault = Fault { service: "shop", from, until, fails: Share(1.0) };
    throng::App::new().insert_resource(fault).add_system(Phase::Execute, inject)
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
