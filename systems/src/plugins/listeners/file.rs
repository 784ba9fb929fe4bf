//! `listener file`: every attempt as one line of JSON.
//!
//! ```kdl
//! listener file "out/samples.jsonl"
//! listener file "out/samples.jsonl" exists=append
//! ```
//!
//! There is no header, and no line for an iteration, a group, a think, or a step that failed unsent. Lines stand in the order in
//! which attempts ended, as far as one thread goes; but one with another try to follow stands where that one begins. Each is an object with these fields, in this order:
//!
//! | field | type | meaning |
//! |---|---|---|
//! | `scenario`, `step` | string | names as in the workload |
//! | `user` | integer | the user's number within its scenario, from 1 |
//! | `iteration` | integer | the token's number (open) or the user's own iteration number (closed), from 1 |
//! | `attempt` | integer | which try of the step, from 1 |
//! | `retried` | boolean | whether another try of the step followed; the step's own end is the line where it does not |
//! | `outcome` | string | `succeeded`, `failed`, or `cut` when the engine ended it |
//! | `status` | integer or null | the protocol's status; null without one |
//! | `error` | string or null | why it failed: a stable slug such as `timeout` or `500` |
//! | `due_ns` … `ended_ns` | integer | due ≤ ready ≤ unblocked ≤ started ≤ ended, since the run's start |
//! | `response_ns`, `service_ns` | integer | due until ended, started until ended; all tries have their step's due |
//! | `dns_ns`, `connect_ns`, `tls_ns`, `first_byte_ns`, `body_ns` | integer or null | what its time went into; null for what did not happen or did not come to a good end |
//! | `bytes_sent`, `bytes_received` | integer | heads included, and TLS |
//! | `warm_up` | boolean | whether results leave it out |
//! | `trace_id` | string or null | 32 hexadecimal digits when the request belongs to a trace |
//!
//! A file that is there is replaced, appended to, or refused, as `exists=` says; one that another run is writing is refused
//! always (an advisory lock). What has been received is written before the next event is waited for, so that a killed run
//! loses no line that reached the listener.
//!
//! # Units
//! A record is a line.

mod lines;
mod opening;

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bevy_ecs::component::Component;
use throng_components::run::RunHeader;
use throng_components::sample::Sample;
use throng_components::workload::{ArgumentSpec, FieldSpec, Fields, NodeSpec, Problems, ValueKind};

use self::lines::Lines;
pub(super) use self::opening::open_to_overwrite;
use self::opening::{Exists, open_locked};
use super::{CannotOpen, Delivery, Listen, ListenerEvent, Outlets, RecordCounter, Subscription, Worker};

/// Lines are written when so many bytes have gathered, or when the listener has nothing else to do.
const BUFFER_BYTES: usize = 256 * 1024;

/// Settings of `listener file`.
#[derive(Component, Clone, Debug)]
pub(super) struct File {
    path: String,
    exists: Exists,
}

impl Listen for File {
    const SPEC: NodeSpec = NodeSpec {
        name: "file",
        summary: "Writes every attempt as one line of JSON.",
        sample: "listener file \"out/samples.jsonl\"",
        arguments: &[ArgumentSpec {
            name: "path",
            kind: ValueKind::Text,
            required: true,
            summary: "Where to write, relative to the file that says so. Directories that are missing are made.",
        }],
        properties: &[
            FieldSpec {
                name: "name",
                kind: ValueKind::Name,
                default: "file",
                summary: "What results call this listener.",
            },
            FieldSpec {
                name: "exists",
                kind: ValueKind::Word(&["fail", "overwrite", "append"]),
                default: "overwrite",
                summary: "What becomes of a file that is there: most runs are repeated, so it is replaced.",
            },
        ],
        later: &["format", "template", "rotate"],
        ..NodeSpec::EMPTY
    };

    const WRITES_FILE: bool = true;

    fn read(mut fields: Fields<'_>) -> Result<Self, Problems> {
        let path = fields.text_argument(0).map(|path| path.value.to_owned());
        let exists = match fields.word("exists") {
            Some("fail") => Exists::Fail,
            Some("append") => Exists::Append,
            _ => Exists::Overwrite,
        };
        fields.finish(path.map(|path| Self { path, exists }))
    }

    fn subscription(&self) -> Subscription {
        Subscription { samples: true, ..Subscription::default() }
    }

    fn open(&self, header: &RunHeader, outlets: Outlets) -> Result<Box<dyn Worker>, CannotOpen> {
        let exists = if outlets.resumed { Exists::Append } else { self.exists };
        let (file, length) = open_locked(&outlets.directory.join(&self.path), exists)
            .map_err(|source| CannotOpen { what: self.path.clone(), source })?;
        Ok(Box::new(Writer {
            file,
            whole: length,
            torn: false,
            lines: Lines::new(header),
            delivery: outlets.delivery,
        }))
    }
}

/// Whether a sample has a line.
fn has_line(sample: &Sample) -> bool {
    sample.is_try() && sample.attempt > 0
}

/// The file at work.
struct Writer {
    file: fs::File,
    /// The file's length up to the end of its last whole line.
    whole: u64,
    /// Whether a part of a line stands behind that, after a failed write.
    torn: bool,
    lines: Lines,
    delivery: Arc<Delivery>,
}

impl Writer {
    /// Writes what has gathered. A failed write loses lines, counted, and never the run: the next one is tried anew.
    fn write(&mut self) {
        if self.lines.bytes.is_empty() {
            return;
        }
        let written = self.write_bytes();
        let (kept, dropped) = self.lines.bytes.split_at(written);
        // Of a line that was written in part nothing counts as delivered.
        let end = kept.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        self.whole += end as u64;
        self.torn |= end < kept.len();
        let delivered = count_lines(&kept[..end]);
        self.delivery.add_delivered(delivered);
        self.delivery.add_lost(count_lines(&kept[end..]) + count_lines(dropped));
        self.lines.bytes.clear();
    }

    /// Writes until all is written or an error comes; gives how many bytes of the lines were.
    fn write_bytes(&mut self) -> usize {
        if self.torn && !self.mend() {
            return 0;
        }
        let mut written = 0;
        while written < self.lines.bytes.len() {
            match self.file.write(&self.lines.bytes[written..]) {
                Ok(0) => break,
                Ok(count) => written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => break,
            }
        }
        written
    }

    /// Takes a torn line back out, or where that cannot be done (a pipe) ends it, so that the lines after it stay readable.
    fn mend(&mut self) -> bool {
        let cut = self
            .file
            .set_len(self.whole)
            .and_then(|()| io::Seek::seek(&mut self.file, io::SeekFrom::Start(self.whole)));
        self.torn = cut.is_err() && self.file.write_all(b"\n").is_err();
        !self.torn
    }
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.split(|byte| *byte == b'\n').count() as u64 - 1
}

impl Worker for Writer {
    fn receive(&mut self, event: &ListenerEvent) {
        let ListenerEvent::Samples(samples) = event else { return };
        for (sample, phases) in samples.with_phases().filter(|(sample, _)| has_line(sample)) {
            self.lines.push(sample, &phases);
            if self.lines.bytes.len() >= BUFFER_BYTES {
                self.write();
            }
        }
    }

    fn tick(&mut self) {
        self.write();
    }

    fn close(&mut self, _limit: Duration) {
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

    use throng_components::attempt_phases::AttemptPhases;
    use throng_components::clock::{ClockKind, Nanos};
    use throng_components::run::StepHeader;
    use throng_components::sample::{ErrorType, SampleKind, SampleOutcome};
    use throng_components::sample_block::SampleBlock;
    use throng_components::scenario::ScenarioId;
    use throng_components::trace::TraceContext;
    use throng_components::virtual_user::UserId;

    use super::opening::open_at_once;
    use super::*;

    fn header() -> RunHeader {
        RunHeader {
            run_id: "run".to_owned(),
            throng: "0.1.0",
            workload: "shop.kdl".to_owned(),
            clock: ClockKind::Real,
            speed: throng_components::speed::Speed::ONE,
            epoch_unix_ns: 0,
            scenarios: vec!["a \"crowd\"\n".to_owned()],
            steps: vec![StepHeader {
                name: "home".to_owned(),
                protocol: "http",
                method: "GET".to_owned(),
                address: "localhost".to_owned(),
                port: 80,
            }],
            groups: Vec::new(),
            services: Vec::new(),
            trace: TraceContext { run: 7, ratio: 0.0, propagate: true },
            origin: Arc::default(),
        }
    }

    fn sample() -> Sample {
        Sample {
            due: Nanos(10),
            ready: Nanos(20),
            unblocked: Nanos(30),
            started: Nanos(40),
            ended: Nanos(100),
            status: 200,
            bytes_sent: 70,
            bytes_received: 4_000,
            ..Sample::empty(UserId::new(ScenarioId(0), 12), 3, SampleKind::Attempt)
        }
    }

    /// Opens a listener in a directory.
    fn open(
        directory: &Path,
        path: &str,
        exists: Exists,
    ) -> Result<(Box<dyn Worker>, Arc<Delivery>), CannotOpen> {
        let delivery = Arc::new(Delivery::default());
        let outlets = Outlets {
            directory: directory.to_owned(),
            terminal: false,
            resumed: false,
            delivery: delivery.clone(),
        };
        let worker = File { path: path.to_owned(), exists }.open(&header(), outlets)?;
        Ok((worker, delivery))
    }

    fn opened(directory: &Path, path: &str, exists: Exists) -> (Box<dyn Worker>, Arc<Delivery>) {
        open(directory, path, exists).expect("the file can be written")
    }

    fn send(worker: &mut dyn Worker, samples: &[Sample]) {
        worker.receive(&ListenerEvent::Samples(Arc::new(samples.to_vec().into())));
        worker.tick();
    }

    fn lines(path: &Path) -> Vec<serde_json::Value> {
        let text = fs::read_to_string(path).expect("the file is there");
        text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect()
    }

    #[test]
    fn an_attempt_is_a_line() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut worker, delivery) = opened(directory.path(), "out/deep/samples.jsonl", Exists::Fail);
        let failed =
            Sample { error: ErrorType::TIMEOUT, outcome: SampleOutcome::Failed, status: 0, ..sample() };
        let event = [
            sample(),
            Sample { warm_up: true, ..failed },
            Sample { kind: SampleKind::Iteration, attempt: 0, ..sample() },
            Sample { kind: SampleKind::Group, ..sample() },
            Sample { attempt: 0, ..failed },
        ];
        assert_eq!(worker.counter()(&ListenerEvent::Samples(Arc::new(event.to_vec().into()))), 2);
        let mut block = SampleBlock::default();
        let phases =
            AttemptPhases { connect: Nanos(9), first_byte: Nanos(20), body: Nanos(3), ..AttemptPhases::NONE };
        block.push_phased(event[0], phases);
        event[1..].iter().for_each(|sample| block.push(*sample));
        worker.receive(&ListenerEvent::Samples(Arc::new(block)));
        worker.tick();
        let found = lines(&directory.path().join("out/deep/samples.jsonl"));
        let trace_id = format!("{:032x}", header().trace.trace_id(sample().user, 3));
        let expected = serde_json::json!({
            "scenario": "a \"crowd\"\n", "step": "home", "user": 12, "iteration": 3, "attempt": 1,
            "retried": false, "outcome": "succeeded", "status": 200, "error": null, "due_ns": 10, "ready_ns": 20,
            "unblocked_ns": 30, "started_ns": 40, "ended_ns": 100, "response_ns": 90, "service_ns": 60,
            "dns_ns": null, "connect_ns": 9, "tls_ns": null, "first_byte_ns": 20, "body_ns": 3,
            "bytes_sent": 70, "bytes_received": 4000, "warm_up": false, "trace_id": trace_id,
        });
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].to_string(), expected.to_string(), "fields and their order");
        assert_eq!([&found[1]["error"], &found[1]["status"]], [&"timeout".into(), &serde_json::Value::Null]);
        assert_eq!(found[1]["warm_up"], true);
        assert_eq!([&found[1]["connect_ns"], &found[1]["body_ns"]], [&serde_json::Value::Null; 2]);
        worker.close(Duration::ZERO);
        assert_eq!(delivery.read(), (2, 0));
    }

    #[test]
    fn requests_outside_traces_have_no_trace_id() {
        let header = RunHeader { trace: TraceContext { propagate: false, ..header().trace }, ..header() };
        let mut lines = Lines::new(&header);
        lines.push(&sample(), &AttemptPhases::NONE);
        assert!(lines.bytes.ends_with(b"\"trace_id\":null}\n"));
    }

    #[test]
    fn a_file_that_is_there_is_treated_as_asked() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("samples.jsonl");
        for (exists, count) in [(Exists::Overwrite, 1), (Exists::Append, 2), (Exists::Overwrite, 1)] {
            let (mut worker, _) = opened(directory.path(), "samples.jsonl", exists);
            send(worker.as_mut(), &[sample()]);
            drop(worker);
            assert_eq!(lines(&path).len(), count, "{exists:?}");
        }
        let refused = open(directory.path(), "samples.jsonl", Exists::Fail).map(|_| ());
        assert_eq!(refused.map_err(|error| error.source.kind()), Err(io::ErrorKind::AlreadyExists));
    }

    #[test]
    fn two_runs_never_write_into_one_file() {
        let directory = tempfile::tempdir().expect("a directory");
        let (mut first, _) = opened(directory.path(), "samples.jsonl", Exists::Overwrite);
        send(first.as_mut(), &[sample()]);
        for exists in [Exists::Overwrite, Exists::Append] {
            let second = open(directory.path(), "samples.jsonl", exists).map(|_| ());
            assert_eq!(second.map_err(|error| error.source.kind()), Err(io::ErrorKind::AlreadyExists));
        }
        assert_eq!(
            lines(&directory.path().join("samples.jsonl")).len(),
            1,
            "the first one's lines are whole"
        );
    }

    #[test]
    fn a_pipe_needs_a_reader_and_then_takes_more_than_it_holds() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("pipe");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("it can be made");
        for exists in [Exists::Overwrite, Exists::Append] {
            let refused = open(directory.path(), "pipe", exists).map(|_| ());
            let why = refused.map_err(|error| error.source.to_string());
            assert_eq!(why, Err("nobody reads from this pipe".to_owned()), "{exists:?}");
        }
        // Opened to be read without waiting for us.
        let reader = open_at_once(fs::OpenOptions::new().read(true), &path).expect("it can be read");
        let (mut worker, delivery) = opened(directory.path(), "pipe", Exists::Overwrite);
        let reading =
            std::thread::Builder::new().spawn(move || io::read_to_string(reader)).expect("a thread");
        send(worker.as_mut(), &vec![sample(); 2_000]);
        worker.close(Duration::ZERO);
        drop(worker);
        let text = reading.join().expect("it is read").expect("it is text");
        assert_eq!((text.lines().count(), delivery.read()), (2_000, (2_000, 0)));
    }

    #[test]
    fn a_device_is_for_all() {
        let _first = opened(Path::new("/dev"), "null", Exists::Overwrite);
        let (mut second, delivery) = opened(Path::new("/dev"), "null", Exists::Append);
        send(second.as_mut(), &[sample()]);
        assert_eq!(delivery.read(), (1, 0));
    }

    #[test]
    fn a_full_disk_costs_lines_and_not_the_run() {
        let (mut worker, delivery) = opened(Path::new("/dev"), "full", Exists::Overwrite);
        send(worker.as_mut(), &[sample(), sample()]);
        send(worker.as_mut(), &[sample()]);
        worker.close(Duration::ZERO);
        assert_eq!(delivery.read(), (0, 3));
    }

    #[test]
    fn a_torn_line_is_taken_back_out() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("samples.jsonl");
        let (file, length) = open_locked(&path, Exists::Overwrite).expect("the file can be written");
        let delivery = Arc::new(Delivery::default());
        let lines_of = Lines::new(&header());
        let mut writer =
            Writer { file, whole: length, torn: false, lines: lines_of, delivery: delivery.clone() };
        send(&mut writer, &[sample()]);
        writer.file.write_all(b"{\"scen").expect("a part of a line");
        writer.torn = true;
        send(&mut writer, &[sample(), sample()]);
        assert_eq!(lines(&path).len(), 3);
        assert_eq!(delivery.read(), (3, 0));
    }

    #[test]
    fn what_cannot_be_opened_is_said() {
        let refused = open(Path::new("/"), "proc/nowhere/samples.jsonl", Exists::Overwrite).map(|_| ());
        assert_eq!(refused.map_err(|error| error.what), Err("proc/nowhere/samples.jsonl".to_owned()));
    }
}
