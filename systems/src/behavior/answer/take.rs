//! A user takes an answer: judges it, and keeps what its step says.

use throng_components::sample::{ErrorType, Sample};

use super::look::Look;
use crate::behavior::Value;
use crate::behavior::machine::Machine;
use crate::behavior::program::Perform;
use crate::plugins::protocols::{Completion, FunctionResult};

impl Machine<'_> {
    /// Takes what a step that is a Rust function has set and recorded.
    pub(in crate::behavior) fn take_results(&mut self, done: &FunctionResult) {
        for (slot, value) in &done.variables {
            self.variables[usize::from(*slot)] = value.clone();
        }
        if !self.surroundings.warm_up {
            self.emitter.measurements.extend(done.measurements.iter().cloned());
        }
    }

    /// What an answer that came means: the failure in it, or none, and then its values are kept.
    #[inline]
    pub(in crate::behavior) fn take_answer(
        &mut self,
        perform: &Perform,
        completion: &Completion,
        sample: &Sample,
    ) -> ErrorType {
        if perform.saves.is_empty() && perform.expect.is_met_by_model(completion) {
            return ErrorType::NONE;
        }
        self.look_into(perform, completion, sample)
    }

    fn look_into(&mut self, perform: &Perform, completion: &Completion, sample: &Sample) -> ErrorType {
        let look = Look::new(completion);
        if completion.status != 0 {
            let response = sample.response();
            let error = self.with_frame(|frame| perform.expect.judge(&look, response, frame));
            if error.is_failure() {
                return error;
            }
        }
        for save in &perform.saves {
            if save.is_out_of_reach(&look) {
                return ErrorType::HTML_TOO_COMPLEX;
            }
            let cookie = save.cookie().and_then(|name| self.cookie(perform, completion, name));
            let cookie = cookie.map(|value| Value::Text(value.into()));
            let value = self.with_frame(|frame| save.value(&look, cookie, frame));
            let Some(value) = value else { return ErrorType::SAVE };
            self.variables[usize::from(save.slot)] = value;
        }
        ErrorType::NONE
    }
}
