//! What services ask of each other.

use throng_components::clock::Nanos;
use throng_components::seed::{Purpose, draw, unit};

use super::job::{Caller, Calls, Job, JobKey, Reply};
use super::pending::Pending;
use super::service::ServiceCall;
use super::services::Services;

impl Services {
    /// A request makes its service's next call, or is done when there is none.
    pub(super) fn call(&mut self, key: JobKey, now: Nanos) {
        let Some(job) = self.jobs.get(key) else { return };
        let station = &self.stations[job.service.index()];
        loop {
            let Some(call) = station.service.calls.get(usize::from(job.calls.entry)) else {
                return self.finish(key, now);
            };
            if job.calls.wanted == 0 {
                job.calls.wanted = calls_wanted(call, job);
            }
            if job.calls.answered < job.calls.wanted {
                let (child, tried) = (child(job, key, call, now), job.calls.tried);
                let entered = self.enter(child, now);
                if let Some(spans) = &mut self.spans {
                    spans.called(key, &child, tried, entered);
                }
                return;
            }
            job.calls = Calls { entry: job.calls.entry + 1, ..Calls::default() };
        }
    }

    /// A call that a request has made is answered, or was given up.
    pub(super) fn answered(&mut self, key: JobKey, reply: &Reply, now: Nanos) {
        let Some(job) = self.jobs.get(key) else { return };
        let station = &self.stations[job.service.index()];
        let Some(call) = station.service.calls.get(usize::from(job.calls.entry)) else { return };
        if let Some(spans) = &mut self.spans {
            spans.answered(key, reply, now);
        }
        if reply.status == 200 {
            job.calls.answered += 1;
            job.calls.tried = 0;
            return self.call(key, now);
        }
        if u32::from(job.calls.tried) < call.retries {
            job.calls.tried += 1;
            return self.agenda.insert(now + call.backoff, Pending::CallsAgain(key));
        }
        job.fails = true;
        self.finish(key, now);
    }
}

/// How many calls an entry comes to for one request: its factor's whole part, and one more with the chance of the rest.
fn calls_wanted(call: &ServiceCall, job: &Job) -> u16 {
    let whole = call.factor.floor();
    let number = (u64::from(job.ordinal) << 32) | (u64::from(job.calls.entry) << 16);
    let chance = unit(draw(job.key, Purpose::SERVICE_CALL, number));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the loader bounds factors to 1,000"
    )]
    let whole_calls = whole as u16;
    whole_calls + u16::from(chance < call.factor - whole)
}

/// The request that a request makes of another service.
fn child(job: &Job, key: JobKey, call: &ServiceCall, now: Nanos) -> Job {
    // Its key is drawn by what it is: the entry, the call, the try. 0 of a call drew how many there are.
    let Calls { entry, answered, tried, .. } = job.calls;
    let number = (u64::from(job.ordinal) << 32)
        | (u64::from(entry) << 16)
        | (u64::from(answered) << 6)
        | u64::from(tried);
    Job {
        caller: Caller::Job(key),
        key: draw(job.key, Purpose::SERVICE_CALL, number.wrapping_add(1)),
        ordinal: 0,
        step: job.step,
        service: call.service,
        arrived: now,
        ends: Nanos::MAX,
        gives_up: now + call.timeout,
        fails: false,
        calls: Calls::default(),
    }
}
