//! How one scenario fared lately: a point for each time that the world told how the run stands.

use std::collections::VecDeque;

use throng_components::clock::Nanos;
use throng_components::measure::Measure;
use throng_systems::plugins::listeners::ScenarioStanding;

/// Points that are kept: five minutes at two a second, more than a terminal has columns.
const POINTS: usize = 600;

/// One scenario at one moment. Rates and quantiles are those of the interval that ends there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) at: Nanos,
    /// Iterations a second that the plan asked for; `None` for a closed scenario.
    pub(super) asked: Option<f64>,
    /// Iterations a second that were begun.
    pub(super) begun: f64,
    /// Response time: p50, p99, p99.9; `None` without data.
    pub(super) response: Option<[Nanos; 3]>,
}

/// Points in order, and what gathers for the next one.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) points: VecDeque<Point>,
    response: Measure,
}

impl History {
    /// Adds the response time of a finished step that was sent.
    pub(super) fn record(&mut self, response: Nanos) {
        self.response.record(response);
    }

    /// Ends the interval.
    pub(super) fn push(&mut self, at: Nanos, interval: Nanos, standing: &ScenarioStanding) {
        let quantile = |q| self.response.quantile(q);
        let response = quantile(0.5).zip(quantile(0.99)).zip(quantile(0.999));
        let seconds = interval.as_secs_f64();
        if self.points.len() == POINTS {
            self.points.pop_front();
        }
        self.points.push_back(Point {
            at,
            asked: standing.asked_per_s,
            begun: if seconds > 0.0 { standing.begun as f64 / seconds } else { 0.0 },
            response: response.map(|((p50, p99), p999)| [p50, p99, p999]),
        });
        self.response.clear();
    }
}
