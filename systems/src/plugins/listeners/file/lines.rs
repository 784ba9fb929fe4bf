//! The form of a line: fields are copied in, no text is formatted.

use throng_components::attempt_phases::AttemptPhases;
use throng_components::clock::Nanos;
use throng_components::run::RunHeader;
use throng_components::sample::{ErrorType, Sample, SampleKind};
use throng_components::trace::TraceContext;

use super::BUFFER_BYTES;
use crate::json::quoted;

/// Lines that wait to be written, and what is needed to make them.
pub(super) struct Lines {
    /// Scenario names as JSON. Made once a run, so that a line only copies.
    scenarios: Vec<String>,
    /// Step names, likewise.
    steps: Vec<String>,
    trace: TraceContext,
    /// Whole lines.
    pub(super) bytes: Vec<u8>,
}

impl Lines {
    pub(super) fn new(header: &RunHeader) -> Self {
        Self {
            scenarios: header.scenarios.iter().map(|name| quoted(name)).collect(),
            steps: header.steps.iter().map(|step| quoted(&step.name)).collect(),
            trace: header.trace,
            bytes: Vec::with_capacity(BUFFER_BYTES + 1024),
        }
    }

    /// Adds an attempt's line.
    pub(super) fn push(&mut self, sample: &Sample, phases: &AttemptPhases) {
        let scenario = self.scenarios.get(sample.scenario().index()).map_or("null", String::as_str);
        let step = self.steps.get(usize::from(sample.step.0)).map_or("null", String::as_str);
        let bytes = &mut self.bytes;
        text(bytes, "{\"scenario\":", scenario);
        text(bytes, ",\"step\":", step);
        number(bytes, ",\"user\":", sample.user.serial());
        number(bytes, ",\"iteration\":", sample.iteration);
        number(bytes, ",\"attempt\":", sample.attempt.into());
        let retried = sample.kind == SampleKind::Retried;
        text(bytes, ",\"retried\":", if retried { "true" } else { "false" });
        text(bytes, ",\"outcome\":\"", sample.outcome.slug());
        bytes.push(b'"');
        match sample.status {
            0 => text(bytes, ",\"status\":", "null"),
            status => number(bytes, ",\"status\":", status.into()),
        }
        match sample.error {
            ErrorType::NONE => text(bytes, ",\"error\":", "null"),
            error => {
                text(bytes, ",\"error\":\"", &error.slug());
                bytes.push(b'"');
            }
        }
        number(bytes, ",\"due_ns\":", sample.due.0);
        number(bytes, ",\"ready_ns\":", sample.ready.0);
        number(bytes, ",\"unblocked_ns\":", sample.unblocked.0);
        number(bytes, ",\"started_ns\":", sample.started.0);
        number(bytes, ",\"ended_ns\":", sample.ended.0);
        number(bytes, ",\"response_ns\":", sample.response().0);
        number(bytes, ",\"service_ns\":", sample.service().0);
        for (field, length) in PHASES.iter().zip(phases.lengths()) {
            match length {
                Nanos::ZERO => text(bytes, field, "null"),
                length => number(bytes, field, length.0),
            }
        }
        number(bytes, ",\"bytes_sent\":", sample.bytes_sent.into());
        number(bytes, ",\"bytes_received\":", sample.bytes_received.into());
        text(bytes, ",\"warm_up\":", if sample.warm_up { "true" } else { "false" });
        let trace_id = self.trace.trace_id(sample.user, sample.iteration);
        if self.trace.propagate || self.trace.is_sampled(trace_id) {
            text(bytes, ",\"trace_id\":\"", "");
            hexadecimal(bytes, trace_id);
            bytes.extend_from_slice(b"\"}\n");
        } else {
            text(bytes, ",\"trace_id\":null}", "\n");
        }
    }
}

/// The fields of phases, in the order of [`AttemptPhases::NAMES`].
const PHASES: [&str; AttemptPhases::NAMES.len()] =
    [",\"dns_ns\":", ",\"connect_ns\":", ",\"tls_ns\":", ",\"first_byte_ns\":", ",\"body_ns\":"];

fn text(bytes: &mut Vec<u8>, field: &str, value: &str) {
    bytes.extend_from_slice(field.as_bytes());
    bytes.extend_from_slice(value.as_bytes());
}

/// Adds a field with a decimal number. Formatting through `std::fmt` takes three times as long, and there are up to nineteen a line.
fn number(bytes: &mut Vec<u8>, field: &str, mut value: u64) {
    bytes.extend_from_slice(field.as_bytes());
    let mut digits = [0_u8; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + u8::try_from(value % 10).unwrap_or_default();
        value /= 10;
        if value == 0 {
            break;
        }
    }
    bytes.extend_from_slice(&digits[first..]);
}

fn hexadecimal(bytes: &mut Vec<u8>, id: u128) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in id.to_be_bytes() {
        bytes.push(DIGITS[usize::from(byte >> 4)]);
        bytes.push(DIGITS[usize::from(byte & 15)]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole() {
        for value in [0, 9, 10, 1_234_567_890, u64::MAX] {
            let mut bytes = Vec::new();
            number(&mut bytes, "", value);
            assert_eq!(bytes, value.to_string().into_bytes());
        }
    }
}
