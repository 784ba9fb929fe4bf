//! What a thread tells the world, in blocks over a bounded channel.

use crossbeam_channel::{Receiver, Sender, TrySendError};
use throng_components::clock::Nanos;
use throng_components::exchange::{DriverFigures, FoldedSamples, ReportBlock};
use throng_components::measure::Measure;
use throng_components::sample_block::SampleBlock;
use throng_components::statistics::ScenarioStatistics;
use throng_components::thread::ThreadId;

use super::ThreadSettings;
use super::busy::Busy;
use crate::shard::Shard;

/// Samples in a block, before it is sent at once.
const BLOCK: usize = 1_024;
/// How long a block may gather before it is sent, in wall time.
const GATHER: Nanos = Nanos::from_millis(4);

/// Gathers and sends reports.
pub(super) struct Reports {
    thread: ThreadId,
    sender: Sender<ReportBlock>,
    spent: Receiver<SampleBlock>,
    /// Since when there is something to tell.
    since: Option<Nanos>,
    /// [`GATHER`] in the run's time.
    gather: Nanos,
    /// Figures of samples that found no room.
    folded: Option<Box<FoldedSamples>>,
    late_over: Nanos,
    step_count: usize,
    busy: Busy,
    /// Lag gathered for the next report.
    pub(super) lag: Measure,
}

impl Reports {
    pub(super) fn new(settings: &ThreadSettings) -> Self {
        let speed = settings.clock.speed();
        let busy = Busy::since(settings.clock.now(), speed);
        Self {
            thread: settings.id,
            sender: settings.reports.clone(),
            spent: settings.spent.clone(),
            since: None,
            gather: speed.to_run(GATHER),
            folded: None,
            late_over: settings.late_over,
            step_count: settings.step_count,
            busy,
            lag: Measure::default(),
        }
    }

    /// Notes time that was spun away.
    pub(super) fn note_spun(&mut self, spun: Nanos) {
        self.busy.note_spun(spun);
    }

    /// Notes that there is something to tell.
    pub(super) fn touch(&mut self, now: Nanos) {
        self.since.get_or_insert(now);
    }

    /// When the reactor has to wake to send what has gathered.
    pub(super) fn deadline(&self) -> Option<Nanos> {
        self.since.map(|since| since + self.gather)
    }

    /// Sends a block when it is full or old enough.
    pub(super) fn send_if_due(&mut self, shard: &mut Shard, now: Nanos) {
        let Some(since) = self.since else { return };
        let emitter = shard.emitter();
        if emitter.samples.len() + emitter.measurements.len() >= BLOCK || now >= since + self.gather {
            self.send(shard, now, false);
        }
    }

    /// Sends what there is; false when there was no room for it.
    ///
    /// Without room the samples' figures are kept and sent later: only raw records are lost to listeners, never a measurement.
    pub(super) fn send(&mut self, shard: &mut Shard, now: Nanos, ended: bool) -> bool {
        let busy_share = self.busy.look(now);
        // Histograms are large: once a second is often enough.
        let tells_lag = (busy_share.is_some() || ended) && self.lag.count() > 0;
        let lag = tells_lag.then(|| Box::new(std::mem::take(&mut self.lag)));
        let figures = DriverFigures {
            in_flight: shard.in_flight(),
            underruns: shard.underruns(),
            busy_share,
            loop_lag: lag,
            held: shard.is_at_rest(),
            ended,
        };
        let counts = shard.counts().collect();
        let emitter = shard.emitter();
        let empty = self.spent.try_recv().unwrap_or_else(|_| SampleBlock::with_capacity(BLOCK));
        let samples = std::mem::replace(&mut emitter.samples, empty);
        let measurements = std::mem::take(&mut emitter.measurements);
        let users = std::mem::take(&mut emitter.users);
        let folded = self.folded.take();
        let thread = self.thread;
        let block = ReportBlock {
            thread,
            samples,
            measurements,
            folded,
            counts,
            users,
            services: Vec::new(),
            spans: Vec::new(),
            figures,
        };
        self.since = None;
        match self.sender.try_send(block) {
            Ok(()) | Err(TrySendError::Disconnected(_)) => true,
            Err(TrySendError::Full(block)) => {
                self.keep(block, shard);
                self.since = Some(now);
                false
            }
        }
    }

    /// Folds a block's samples and takes back all else.
    fn keep(&mut self, mut block: ReportBlock, shard: &mut Shard) {
        let (steps, late_over) = (self.step_count, self.late_over);
        let mut folded = block.folded.take().unwrap_or_else(|| {
            let scenarios = block.counts.iter().map(|_| ScenarioStatistics::new(steps, late_over));
            Box::new(FoldedSamples { scenarios: scenarios.collect(), ..FoldedSamples::default() })
        });
        for sample in block.samples.iter() {
            if let Some(statistics) = folded.scenarios.get_mut(sample.scenario().index()) {
                statistics.observe(sample);
            }
        }
        for (sample, phases) in block.samples.phased() {
            if let Some(statistics) = folded.scenarios.get_mut(sample.scenario().index()) {
                statistics.observe_phases(sample, phases);
            }
        }
        block.measurements.drain(..).for_each(|measurement| folded.measures.take(measurement));
        folded.count += block.samples.len() as u64;
        self.folded = Some(folded);
        if let Some(lag) = block.figures.loop_lag {
            self.lag.merge(&lag);
        }
        let emitter = shard.emitter();
        block.samples.clear();
        emitter.samples = block.samples;
        emitter.measurements = block.measurements;
        emitter.users = block.users;
    }
}
