//! `listener record`: a recording of the run, to be replayed or drawn from.
//!
//! ```kdl
//! listener record "out/shop.recording"
//! ```
//!
//! What it holds stands in the module [`recording`](crate::recording). In virtual time the simulation waits for the disk, so
//! that nothing is lost. In real time the load does not: what found no room is counted, here and in the recording's last line.
//! A write that fails ends the recording and not the run: it stays without its last line, and nobody takes it for a whole one.
//! The command says why in the end, and returns what it returns when an output cannot be written.
//!
//! # Units
//! A record is a line of an iteration or a try.

use std::borrow::Cow;
use std::fs;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::component::Component;
use serde::Serialize;
use throng_components::run::RunHeader;
use throng_components::sample::{Sample, SampleKind};
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use super::file::open_to_overwrite;
use super::{CannotOpen, Delivery, Listen, ListenerEvent, Outlets, RecordCounter, Subscription, Worker};
use crate::recording::{End, Header, Record as Line};

/// Lines are written when so many bytes have gathered, or when the listener has nothing else to do.
const BUFFER_BYTES: usize = 256 * 1024;

/// Settings of `listener record`.
#[derive(Component, Clone, Debug)]
pub(super) struct Record {
    path: String,
}

impl Listen for Record {
    const SPEC: NodeSpec = NodeSpec {
        name: "record",
        summary: "Records the run: its plan and what became of it, for `throng replay` and the law `empirical`.",
        sample: "listener record \"out/shop.recording\"",
        arguments: &[ArgumentSpec::of(
            "path",
            ValueKind::Text,
            "Where to write, relative to the file that says so. What was there is replaced, and directories are made.",
        )],
        properties: &[FieldSpec {
            name: "name",
            kind: ValueKind::Name,
            default: "record",
            summary: "What results call this listener.",
        }],
        ..NodeSpec::EMPTY
    };

    /// A recording has a first line and a last one, and is of a whole run.
    const GOES_ON: bool = false;

    const WRITES_FILE: bool = true;

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let path = fields.text_argument(0).map(|path| path.value.to_owned());
        fields.finish(path.map(|path| Self { path }))
    }

    fn subscription(&self) -> Subscription {
        Subscription { samples: true, ..Subscription::default() }
    }

    fn open(&self, header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        let cannot = |source| CannotOpen { what: self.path.clone(), source };
        let file = open_to_overwrite(&outlets.directory.join(&self.path)).map_err(cannot)?;
        let names = header.steps.iter().map(|step| step.name.clone());
        let mut writer = Writer {
            file,
            scenarios: header.scenarios.clone(),
            steps: names.collect(),
            bytes: Vec::with_capacity(BUFFER_BYTES + 1024),
            gathered: 0,
            end: End { end: true, ..End::default() },
            broken: false,
            delivery: outlets.delivery,
        };
        writer.push(&Header::of(header));
        Ok(Box::new(writer))
    }
}

/// Whether a sample has a line.
fn has_line(sample: &Sample) -> bool {
    sample.is_try() || sample.kind == SampleKind::Iteration
}

/// The name of that number; empty without one.
fn name(names: &[String], index: usize) -> Cow<'_, str> {
    Cow::Borrowed(names.get(index).map_or("", String::as_str))
}

/// Adds a line; gives whether it could be written. Texts and numbers always can be, to memory.
fn add_line(bytes: &mut Vec<u8>, line: &impl Serialize) -> bool {
    let written = serde_json::to_writer(&mut *bytes, line).is_ok();
    bytes.push(b'\n');
    written
}

/// The recording at work.
struct Writer {
    file: fs::File,
    scenarios: Vec<String>,
    steps: Vec<String>,
    /// Whole lines that wait to be written.
    bytes: Vec<u8>,
    /// How many of them are records.
    gathered: u64,
    /// What the last line will say.
    end: End,
    /// Whether a write has failed: from there on nothing is written.
    broken: bool,
    delivery: Arc<Delivery>,
}

impl Writer {
    fn push(&mut self, line: &impl Serialize) {
        self.broken |= !add_line(&mut self.bytes, line);
    }

    fn sample(&mut self, sample: &Sample) {
        let of_try = sample.is_try();
        let error = sample.error.is_failure().then(|| sample.error.slug());
        let line = Line {
            scenario: name(&self.scenarios, sample.scenario().index()),
            step: of_try.then(|| name(&self.steps, usize::from(sample.step.0))),
            user: sample.user.serial(),
            iteration: sample.iteration,
            ordinal: of_try.then_some(sample.ordinal),
            attempt: of_try.then_some(sample.attempt),
            retried: sample.kind == SampleKind::Retried,
            outcome: Cow::Borrowed(sample.outcome.slug()),
            status: sample.status,
            error,
            due_ns: sample.due.0,
            started_ns: sample.started.0,
            ended_ns: sample.ended.0,
            bytes_sent: of_try.then_some(sample.bytes_sent),
            bytes_received: of_try.then_some(sample.bytes_received),
            warm_up: sample.warm_up,
        };
        self.broken |= !add_line(&mut self.bytes, &line);
        self.gathered += 1;
        self.end.iterations += u64::from(!of_try);
        self.end.tries += u64::from(of_try);
        if self.bytes.len() >= BUFFER_BYTES {
            self.write();
        }
    }

    fn write(&mut self) {
        let records = std::mem::take(&mut self.gathered);
        if !self.broken
            && let Err(error) = self.file.write_all(&self.bytes)
        {
            self.broken = true;
            self.delivery.fail(&error);
        }
        if self.broken {
            self.delivery.add_lost(records);
        } else {
            self.delivery.add_delivered(records);
        }
        self.bytes.clear();
    }
}

impl Worker for Writer {
    fn receive(&mut self, event: &ListenerEvent) {
        let ListenerEvent::Samples(samples) = event else { return };
        for sample in samples.iter().filter(|sample| has_line(sample)) {
            self.sample(sample);
        }
    }

    fn tick(&mut self) {
        self.write();
    }

    fn close(&mut self, _limit: Duration) {
        self.write();
        self.end.lost = self.delivery.read().1;
        self.push(&self.end.clone());
        self.write();
    }

    fn counter(&self) -> RecordCounter {
        Box::new(|event| match event {
            ListenerEvent::Samples(samples) => {
                samples.iter().filter(|sample| has_line(sample)).count() as u64
            }
            ListenerEvent::Measurements(_) | ListenerEvent::Spans(_) | ListenerEvent::Progress(_) => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use throng_components::clock::{ClockKind, Nanos};
    use throng_components::run::{Origin, StepHeader};
    use throng_components::sample::{ErrorType, SampleOutcome};
    use throng_components::scenario::ScenarioId;
    use throng_components::speed::Speed;
    use throng_components::trace::TraceContext;
    use throng_components::virtual_user::UserId;

    use super::*;
    use crate::recording::Reader;

    fn open(directory: &Path, path: &str) -> (Box<dyn Worker>, Arc<Delivery>) {
        let step = StepHeader {
            name: "home".to_owned(),
            protocol: "http",
            method: "GET".to_owned(),
            address: "localhost".to_owned(),
            port: 80,
        };
        let files = vec![("shop.kdl".to_owned(), "throng 1\n\"".to_owned())];
        let header = RunHeader {
            run_id: "run".to_owned(),
            throng: "0.1.0",
            workload: "shop.kdl".to_owned(),
            clock: ClockKind::Real,
            speed: Speed::ONE,
            epoch_unix_ns: 0,
            scenarios: vec!["crowd".to_owned()],
            steps: vec![step],
            groups: Vec::new(),
            services: Vec::new(),
            trace: TraceContext { run: 7, ratio: 0.0, propagate: false },
            origin: Arc::new(Origin { seed: 42, files, ..Origin::default() }),
        };
        let delivery = Arc::new(Delivery::default());
        let directory = directory.to_owned();
        let outlets = Outlets { directory, terminal: false, resumed: false, delivery: Arc::clone(&delivery) };
        let worker = Record { path: path.to_owned() }.open(&header, outlets);
        (worker.expect("the file can be written"), delivery)
    }

    fn samples() -> ListenerEvent {
        let user = UserId::new(ScenarioId(0), 12);
        let sent = Sample {
            due: Nanos(10),
            started: Nanos(40),
            ended: Nanos(100),
            status: 500,
            error: ErrorType::status(500),
            outcome: SampleOutcome::Failed,
            bytes_sent: 7,
            ..Sample::empty(user, 3, SampleKind::Attempt)
        };
        let all = [
            sent,
            Sample { kind: SampleKind::Group, ..sent },
            Sample { kind: SampleKind::Redirect, ..sent },
            Sample { ended: Nanos(120), ..Sample::empty(user, 3, SampleKind::Iteration) },
        ];
        ListenerEvent::Samples(Arc::new(all.to_vec().into()))
    }

    #[test]
    fn what_is_written_can_be_read() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut worker, delivery) = open(directory.path(), "out/a.recording");
        assert_eq!(worker.counter()(&samples()), 2);
        worker.receive(&samples());
        delivery.add_lost(5);
        worker.close(Duration::ZERO);
        assert_eq!(delivery.read(), (2, 5));
        let text = fs::read(directory.path().join("out/a.recording")).expect("it is there");
        let (header, mut reader) = Reader::open(text.as_slice()).expect("a recording");
        assert_eq!((header.seed, header.files[0].text.as_str()), (42, "throng 1\n\""));
        let found = reader.read().expect("a line").expect("a try");
        let line = "{\"scenario\":\"crowd\",\"step\":\"home\",\"user\":12,\"iteration\":3,\"ordinal\":0,\"attempt\":1,\
            \"outcome\":\"failed\",\"status\":500,\"error\":\"500\",\"due_ns\":10,\"started_ns\":40,\"ended_ns\":100,\
            \"bytes_sent\":7,\"bytes_received\":0}";
        assert_eq!(serde_json::to_string(&found).ok().as_deref(), Some(line));
        let found = reader.read().expect("a line").expect("an iteration");
        assert_eq!((found.step, found.ended_ns), (None, 120));
        assert_eq!(reader.read().expect("the end"), None);
        assert_eq!(reader.lost(), 5);
    }

    #[test]
    fn a_full_disk_ends_the_recording_and_not_the_run() {
        let (mut worker, delivery) = open(Path::new("/dev"), "full");
        worker.receive(&samples());
        worker.tick();
        worker.receive(&samples());
        worker.close(Duration::ZERO);
        assert_eq!(delivery.read(), (0, 4));
        let why = delivery.failure().expect("it is told");
        assert!(why.contains("No space left"), "{why}");
    }
}
