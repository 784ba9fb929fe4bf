//! What expressions ask of a step's result.

use throng_components::sample::Sample;

use crate::behavior::Value;

/// A figure of a step's result that an expression names: `login.status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture {
    /// The variable it goes to.
    pub slot: u16,
    /// Which figure.
    pub field: ResultField,
}

/// A figure of a step's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultField {
    /// The protocol's status.
    Status,
    /// Due until end.
    Response,
    /// Start until end.
    Service,
    /// Bytes received.
    Bytes,
    /// Whether it failed.
    Failed,
}

impl ResultField {
    /// All figures by the names that expressions use.
    pub const ALL: &'static [(&'static str, Self)] = &[
        ("status", Self::Status),
        ("response", Self::Response),
        ("service", Self::Service),
        ("bytes", Self::Bytes),
        ("failed", Self::Failed),
    ];
}

/// Puts the figures that are asked for into their variables.
pub(in crate::behavior) fn capture(captures: &[Capture], sample: &Sample, variables: &mut [Value]) {
    for capture in captures {
        variables[usize::from(capture.slot)] = match capture.field {
            ResultField::Status => Value::Int(i64::from(sample.status)),
            ResultField::Response => Value::Duration(sample.response()),
            ResultField::Service => Value::Duration(sample.service()),
            ResultField::Bytes => Value::Int(i64::from(sample.bytes_received)),
            ResultField::Failed => Value::Bool(sample.error.is_failure()),
        };
    }
}
