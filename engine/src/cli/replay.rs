//! `throng replay`.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Command, FromArgMatches};
use throng_components::run::ReplayOf;
use throng_components::speed::Speed;

use super::outputs::attempt;
use super::run::{Common, Loader as Reading, VirtualTime, files, finish, in_virtual_time, load, options};
use super::{complain, note};
use crate::app::App;
use crate::exit_code::ExitCode;
use crate::loader::{ListenerPlan, Loaded, Overrides, Refused, load as load_text};
use crate::real_run;
use crate::replay::{Recorded, replan};
use crate::run::{RunEnd, RunOptions};

/// Does what a recorded run did once more: the same iterations, each at its own instant
///
/// Every scenario is open, whatever it was: an iteration begins when it was due in the recording, and nobody waits for answers. It
/// draws as it did, so that it makes the same choices and builds the same requests, but for what it saves from answers, and for
/// `user.id`, cookies and variables that outlive an iteration: who serves it depends on who is free.
#[derive(Debug, clap::Args)]
pub(super) struct Replay {
    /// The recording, as `throng run FILE --record RESULT` writes it
    recording: PathBuf,
    #[command(flatten)]
    common: Common,
    /// Sends the requests to another address: `shop=http://127.0.0.1:8080`
    #[arg(long = "target", value_name = "NAME=URL")]
    targets: Vec<String>,
    /// Replays so many times as fast: instants, and waits within an iteration, are divided by it, timeouts are not; from 0.001 to
    /// 10000
    #[arg(long, default_value = "1", value_parser = speed)]
    speed: Speed,
    /// Replays in virtual time, against the workload's services
    #[arg(long)]
    simulate: bool,
    #[command(flatten)]
    virtual_time: Asked,
}

/// What a simulation takes, which a replay takes as well.
#[derive(Debug)]
struct Asked {
    virtual_time: VirtualTime,
    /// Whether any of it stands on the command line, and not in the environment, which speaks to every command.
    is_given: bool,
}

impl FromArgMatches for Asked {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_given = |id| matches.value_source(id) == Some(ValueSource::CommandLine);
        let is_given = ["events", "until"].into_iter().any(is_given);
        Ok(Self { virtual_time: VirtualTime::from_arg_matches(matches)?, is_given })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl clap::Args for Asked {
    fn augment_args(command: Command) -> Command {
        VirtualTime::augment_args(command)
    }

    fn augment_args_for_update(command: Command) -> Command {
        VirtualTime::augment_args_for_update(command)
    }
}

/// How the paths of targets' addresses begin.
const TARGET: &str = "target.";

fn speed(text: &str) -> Result<Speed, String> {
    let number = text.parse().ok().filter(|number| (Speed::LEAST..=Speed::MOST).contains(number));
    number.map(Speed::from).ok_or_else(|| format!("a number from {} to {}", Speed::LEAST, Speed::MOST))
}

/// Runs the recorded workload by its recording.
pub(super) fn replay(app: &App, args: &Replay) -> ExitCode {
    finish(prepare(args).and_then(|(recorded, overrides)| run(app, args, recorded, overrides)))
}

/// Reads the recording; gives it, and what is said over its workload.
fn prepare(args: &Replay) -> Result<(Recorded, Overrides), ExitCode> {
    if !args.simulate && args.virtual_time.is_given {
        complain("`--events` and `--until` are of virtual time: add `--simulate`");
        return Err(ExitCode::Usage);
    }
    let mut targets = Vec::new();
    for text in &args.targets {
        let Some((name, url)) =
            text.split_once('=').filter(|(name, url)| !name.is_empty() && !url.is_empty())
        else {
            complain(&format!(
                "`--target {text}` needs a name and an address: `--target shop=http://127.0.0.1:8080`"
            ));
            return Err(ExitCode::Usage);
        };
        targets.push((format!("{TARGET}{name}"), url.to_owned()));
    }
    let recorded = Recorded::read(&args.recording, args.speed).map_err(|mistake| wrong(args, &mistake))?;
    let outside = args.common.overrides()?;
    let header = &recorded.header;
    // What is said now is said over what was said then.
    let sets = header.set.iter().cloned().chain(outside.sets.clone()).chain(targets).collect();
    let texts = header.files.iter().skip(1).map(|file| (file.name.clone(), file.text.clone())).collect();
    let overrides = Overrides { seed: Some(header.seed), sets, texts, ..outside };
    Ok((recorded, overrides))
}

/// Where this replay is to be recorded.
fn recordings(outside: &Overrides) -> impl Iterator<Item = &str> {
    outside.outs.iter().filter(|(kind, _)| kind == "record").map(|(_, path)| path.as_str())
}

/// Refuses an address for a target that the workload does not have. One that has other mistakes tells of them itself.
fn refuse_targets(args: &Replay, read: Reading<'_>, overrides: &Overrides) -> Result<(), ExitCode> {
    let given: Vec<&str> =
        args.targets.iter().filter_map(|text| text.split_once('=')).map(|(name, _)| name).collect();
    if given.is_empty() {
        return Ok(());
    }
    let sets = overrides.sets.iter().filter(|(name, _)| !name.starts_with(TARGET)).cloned().collect();
    let Ok(loaded) = read(&Overrides { sets, ..overrides.clone() }) else { return Ok(()) };
    let known: Vec<&str> = loaded.workload.targets.iter().map(|target| target.name.as_str()).collect();
    given.into_iter().find(|name| !known.contains(name)).map_or(Ok(()), |name| {
        complain(&format!("no target `{name}`; known: {}", known.join(", ")));
        Err(ExitCode::Usage)
    })
}

fn wrong(args: &Replay, mistake: &dyn std::fmt::Display) -> ExitCode {
    complain(&format!("cannot replay `{}`: {mistake}", args.recording.display()));
    ExitCode::BadWorkload
}

fn run(app: &App, args: &Replay, mut recorded: Recorded, overrides: Overrides) -> Result<ExitCode, ExitCode> {
    let common = &args.common;
    let text = recorded.header.files.first().map_or("", |file| file.text.as_str()).to_owned();
    let path = PathBuf::from(&recorded.header.workload);
    let recorded_text = |overrides: &Overrides| -> Result<Loaded, Refused> {
        load_text(&path, text.as_bytes(), app.registry(), overrides)
    };
    let live = !args.simulate;
    let asked = recordings(&overrides).count();
    let said = common.outside.overrides()?.sets;
    refuse_targets(args, &recorded_text, &overrides)?;
    let mut loaded = load(&recorded_text, overrides, common, live, !common.outputs.quiet)?;
    refuse_plans(&said, &loaded)?;
    drop_recordings(&mut loaded, asked);
    let options = options(common, &path);
    let virtual_time = &args.virtual_time.virtual_time;
    files(&loaded, common, &options)
        .reading("recording", &args.recording)
        .writing("--events", virtual_time.events.as_deref().filter(|_| args.simulate))
        .check()?;
    let (count, lost) = (recorded.iterations(), recorded.lost);
    replan(&mut loaded.workload, &mut recorded, args.speed).map_err(|mistake| wrong(args, &mistake))?;
    if lost > 0 {
        let why = "lines were lost while it was written: what they told of is not replayed";
        note(&format!("warning: {lost} {why}"));
    }
    if !common.outputs.quiet {
        let header = &recorded.header;
        let speed =
            if args.speed == Speed::ONE { String::new() } else { format!(" at speed {}", args.speed) };
        note(&format!("replaying {count} iterations of run {}{speed}", header.run_id));
    }
    let replay_of = Some(ReplayOf { run_id: recorded.header.run_id.clone(), speed: args.speed });
    let options = RunOptions { replay_of, ..options };
    if args.simulate {
        return in_virtual_time(app, loaded, common, virtual_time, options, None);
    }
    let secrets = loaded.secrets.clone();
    attempt(&common.outputs, &secrets, None, |interrupts| {
        real_run::run(app, loaded, &options, interrupts).map(RunEnd::over)
    })
}

/// Refuses to set what a replay does not go by.
fn refuse_plans(sets: &[(String, String)], loaded: &Loaded) -> Result<(), ExitCode> {
    let is_param = |name: &str| loaded.workload.params.iter().any(|(param, _)| param == name);
    let is_planned =
        |name: &str| name == "seed" || name.split('.').any(|part| part == "arrivals" || part == "population");
    let refused = sets.iter().find(|(name, _)| is_planned(name) && !is_param(name));
    refused.map_or(Ok(()), |(name, _)| {
        complain(&format!(
            "`--set {name}=` has no effect here: a replay goes by its recording, which says what is due when, and by its seed"
        ));
        Err(ExitCode::Usage)
    })
}

/// Leaves out the recordings that the workload itself asks for: one of them may be what is replayed. Those that the command line
/// asks for, so many, stand behind them.
fn drop_recordings(loaded: &mut Loaded, asked: usize) {
    let listeners = &mut loaded.workload.listeners;
    let is_recording = |plan: &ListenerPlan| plan.listener.kind == "record";
    let mut own = listeners.iter().filter(|plan| is_recording(plan)).count().saturating_sub(asked);
    listeners.retain(|plan| {
        let drop = own > 0 && is_recording(plan);
        own -= usize::from(drop);
        !drop
    });
}
