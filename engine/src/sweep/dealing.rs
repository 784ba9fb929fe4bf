//! Deals work to threads, and takes what comes of it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, bounded};

/// How often the watcher is asked while nothing comes: soon enough after a Ctrl-C for a person.
const LOOK: Duration = Duration::from_millis(100);

/// Works on everything in `todo`, in its order, on so many threads.
///
/// `watch` gets each result as it comes, and `None` from time to time. When it says no, nothing more is begun; what is
/// under way comes to its end and to `watch`.
///
/// # Errors
/// The operating system gives no thread.
pub(crate) fn deal<T: Sync, R: Send>(
    todo: &[T],
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
    mut watch: impl FnMut(Option<R>) -> bool,
) -> std::io::Result<()> {
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let (sender, results) = bounded(threads);
        for number in 0..threads.min(todo.len()) {
            let sender = sender.clone();
            let take = || todo.get(next.fetch_add(1, Ordering::Relaxed));
            let (take, work, stopped) = (take, &work, &stopped);
            let body = move || {
                while !stopped.load(Ordering::Relaxed)
                    && let Some(item) = take()
                    && sender.send(work(item)).is_ok()
                {}
            };
            let spawned = std::thread::Builder::new().name(format!("job-{number}")).spawn_scoped(scope, body);
            if let Err(error) = spawned {
                // Those that run end for want of somebody who listens.
                stopped.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        drop(sender);
        loop {
            let result = match results.recv_timeout(LOOK) {
                Ok(result) => Some(result),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            if !watch(result) {
                stopped.store(true, Ordering::Relaxed);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(threads: usize, stop_after: usize) -> Vec<u32> {
        let todo: Vec<u32> = (0..50).collect();
        let mut done = Vec::new();
        let watch = |result: Option<u32>| {
            done.extend(result);
            done.len() < stop_after
        };
        deal(&todo, threads, |number| number * 2, watch).expect("there are threads");
        done.sort_unstable();
        done
    }

    #[test]
    fn everything_is_done_once() {
        let all: Vec<u32> = (0..50).map(|number| number * 2).collect();
        assert_eq!(check(1, usize::MAX), all);
        assert_eq!(check(4, usize::MAX), all);
        assert_eq!(check(80, usize::MAX), all);
    }

    #[test]
    fn what_is_begun_before_a_stop_comes_to_its_end() {
        for threads in [1, 3] {
            let done = check(threads, 5);
            assert!(done.len() >= 5 && done.len() < 50, "{done:?}");
            let first: Vec<u32> = (0..).map(|number| number * 2).take(done.len()).collect();
            assert_eq!(done, first);
        }
    }
}
