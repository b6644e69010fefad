//! The same work for many items, on as many threads as there are processors.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

/// More threads than this take more memory than they save time.
const MOST: usize = 8;

/// Room on the stack for each thread, as the first one has it.
const STACK: usize = 8 << 20;

/// Does the work of `worker` for each item, on at most so many threads, each with a worker of its own. Items are taken
/// in their order, one when a thread is free, and what comes of each is told in that order.
pub(crate) fn each<T, R: Send, W: FnMut(T) -> R>(
    most: usize,
    items: impl Iterator<Item = T> + Send,
    worker: impl Fn() -> W + Sync,
    mut tell: impl FnMut(R),
) {
    let threads = match most.min(MOST) {
        0 | 1 => 1,
        many => thread::available_parallelism().map_or(1, |it| it.get().min(many)),
    };
    if threads == 1 {
        return items.map(worker()).for_each(tell);
    }
    let items = Mutex::new(items.enumerate());
    let next = || items.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (done, results) = mpsc::channel();
    let work = |done: mpsc::Sender<_>| {
        let mut worker = worker();
        while let Some((number, item)) = next() {
            if done.send((number, worker(item))).is_err() {
                return;
            }
        }
    };
    thread::scope(|scope| {
        let started = (0..threads).map_while(|_| {
            let (thread, done) = (thread::Builder::new().stack_size(STACK), done.clone());
            thread.spawn_scoped(scope, || work(done)).ok()
        });
        if started.count() == 0 {
            work(done.clone());
        }
        drop(done);
        let mut early = BTreeMap::new();
        let mut number = 0;
        for (of, result) in results {
            early.insert(of, result);
            while let Some(result) = early.remove(&number) {
                tell(result);
                number += 1;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_of_items_is_told_in_their_order_whoever_did_the_work() {
        for most in [0, 1, 2, 100] {
            for count in [0, 1, 1000] {
                let mut squares = Vec::new();
                let work = || |number| number * number;
                each(most, 0..count, work, |square| squares.push(square));
                assert!(squares.into_iter().eq((0..count).map(|it| it * it)));
            }
        }
    }
}
