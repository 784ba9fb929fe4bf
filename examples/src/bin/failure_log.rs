//! A listener of one's own: writes each failed step to a file, one a line.
//! `cargo run -p throng-examples --bin failure_log -- simulate examples/failure-log.kdl`

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use bevy_ecs::component::Component;
use throng::components::run::RunHeader;
use throng::components::workload::{ArgumentSpec, Fields, NodeSpec, Problems, ValueKind};
use throng::systems::plugins::listeners::{CannotOpen, Delivery, Listen, ListenerEvent, Outlets, Worker};

/// Its settings: the file.
#[derive(Component)]
struct FailureLog(String);

impl Listen for FailureLog {
    const SPEC: NodeSpec = NodeSpec {
        name: "failure-log",
        summary: "Writes each failed step to a file, one a line.",
        sample: "listener failure-log \"failures.txt\"",
        arguments: &[ArgumentSpec::of("file", ValueKind::Text, "The file, beside the workload.")],
        ..NodeSpec::EMPTY
    };

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let file = fields.text_argument(0).map(|file| Self(file.value.to_owned()));
        fields.finish(file)
    }

    fn open(&self, header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        let steps = header.steps.iter().map(|step| step.name.clone()).collect();
        Ok(Box::new(Log(outlets.create(&self.0)?, steps, outlets.delivery)))
    }
}

/// The listener at work, on a thread of its own: its file, the steps' names, and where it counts what it has written.
struct Log(File, Vec<String>, Arc<Delivery>);

impl Worker for Log {
    fn receive(&mut self, event: &ListenerEvent) {
        let Self(file, steps, delivery) = self;
        let ListenerEvent::Samples(samples) = event else { return };
        for sample in samples.iter().filter(|sample| sample.error.is_failure()) {
            let (step, why) = (&steps[usize::from(sample.step.0)], sample.error.slug());
            delivery.note(writeln!(file, "{step} of user {}: {why}", sample.user.serial()));
        }
    }
}

pub(crate) fn app() -> throng::App {
    throng::App::new().register::<FailureLog, _>()
}

fn main() -> std::process::ExitCode {
    throng::cli(app())
}
