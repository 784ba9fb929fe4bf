//! When those who wait for a service give up. The service does not know: it goes on with what it has.

use throng_components::clock::Nanos;
use throng_components::sample::ErrorType;
use throng_components::service::ServiceId;

use super::job::{Caller, JobKey, Reply};
use super::pending::Pending;
use super::services::Services;

impl Services {
    /// Notes when a caller gives up. Deadlines that do not rise are events of their own.
    pub(super) fn await_deadline(&mut self, service: ServiceId, key: JobKey, gives_up: Nanos) {
        if gives_up == Nanos::MAX {
            return;
        }
        let station = &mut self.stations[service.index()];
        if station.deadlines.back().is_some_and(|(last, _)| *last > gives_up) {
            return self.agenda.insert(gives_up, Pending::GivesUp(key));
        }
        station.deadlines.push_back((gives_up, key));
        if !station.deadline_set {
            station.deadline_set = true;
            self.agenda.insert(gives_up, Pending::Deadline(service.0.into()));
        }
    }

    /// The first deadline of a service has come, or that of one that was served since.
    pub(super) fn deadline(&mut self, service: usize, now: Nanos) {
        let station = &mut self.stations[service];
        let mut due = Vec::new();
        station.deadline_set = false;
        while let Some((at, key)) = station.deadlines.front().copied() {
            let is_waiting = self.jobs.get(key).is_some_and(|job| job.caller != Caller::Nobody);
            if is_waiting && at > now {
                station.deadline_set = true;
                self.agenda.insert(at, Pending::Deadline(u32::try_from(service).unwrap_or(u32::MAX)));
                break;
            }
            station.deadlines.pop_front();
            if is_waiting {
                due.push(key);
            }
        }
        for key in due {
            self.give_up(key, now);
        }
    }

    /// A request's caller gives up, unless its answer comes now.
    pub(super) fn give_up(&mut self, key: JobKey, now: Nanos) {
        let Some(job) = self.jobs.get(key) else { return };
        let has_calls = !self.stations[job.service.index()].service.calls.is_empty();
        if job.caller == Caller::Nobody || (job.ends == now && !has_calls) {
            return;
        }
        let to = std::mem::replace(&mut job.caller, Caller::Nobody);
        self.stations[job.service.index()].figures.given_up += 1;
        self.replies.push_back(Reply { to, started: job.arrived, status: 0, error: ErrorType::TIMEOUT });
    }
}
