//! The command with a system that panics as soon as the run is paused: what a defect of throng itself would do.

use std::process::ExitCode;

use bevy_ecs::prelude::*;
use throng::components::phase::Phase;
use throng::systems::live_control::LiveControl;

fn panic_when_paused(control: Res<'_, LiveControl>) {
    assert!(!control.is_paused(), "a defect");
}

fn main() -> ExitCode {
    throng::cli(throng::App::new().add_system(Phase::Judge, panic_when_paused))
}
