//! What an answer has to be.

use throng_components::sample::ErrorType;

use crate::plugins::protocols::Completion;

/// What an answer has to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectations {
    /// Statuses that pass; without any, all below 400 do.
    pub statuses: Vec<u16>,
}

impl Expectations {
    /// The failure that an answer means.
    ///
    /// A model knows no statuses but well and badly: where it did well, it did as expected.
    pub fn judge(&self, completion: &Completion) -> ErrorType {
        let status = completion.status;
        if completion.modelled && status < 400 {
            return ErrorType::NONE;
        }
        let passes = if self.statuses.is_empty() { status < 400 } else { self.statuses.contains(&status) };
        match (passes, status) {
            (true, _) => ErrorType::NONE,
            (false, 400..=599) => ErrorType::status(status),
            (false, _) => ErrorType::UNEXPECTED_STATUS,
        }
    }
}
