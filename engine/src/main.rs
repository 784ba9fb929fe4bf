//! The `throng` command.

/// Samples and requests come and go by the million; this allocator was the quickest of those that build without fuss.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    throng::cli(throng::App::new())
}
