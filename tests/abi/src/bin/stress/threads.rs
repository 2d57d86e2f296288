//! Threads with all that the standard library gives them to meet at.

use abi_tests::check::Outcome;
use abi_tests::{cases, holds, same};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{channel, sync_channel};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock, RwLock};
use std::time::{Duration, Instant};

cases![
    thirty_two_threads_count,
    ring_of_channels,
    many_producers_one_consumer,
    bounded_channel_blocks,
    barrier_in_rounds,
    condition_variable_queue,
    readers_and_writers,
    scoped_threads_borrow,
    timers_in_order,
    timeouts_of_waits,
    parked_threads,
    panics_stay_in_their_thread,
    shared_map,
    once_is_once,
    deep_recursion_in_threads,
    allocation_in_threads,
];

/// A thread that panicked gives nothing.
fn sum(threads: Vec<std::thread::JoinHandle<u64>>) -> Option<u64> {
    threads.into_iter().map(|thread| thread.join().ok()).sum()
}

fn thirty_two_threads_count() -> Outcome {
    let total = Arc::new(AtomicU64::new(0));
    let threads = (0..32)
        .map(|n| {
            let total = Arc::clone(&total);
            std::thread::spawn(move || {
                for step in 0..10_000 {
                    total.fetch_add(n * step, SeqCst);
                }
                n
            })
        })
        .collect();
    same!(sum(threads), Some(496));
    same!(total.load(SeqCst), 496 * 49_995_000);
    Ok(())
}

/// A number goes round 32 threads a hundred times, each adding one.
fn ring_of_channels() -> Outcome {
    let (start, mut previous) = channel::<u64>();
    let mut threads = Vec::new();
    for _ in 0..32 {
        let (send, receive) = channel();
        let from = std::mem::replace(&mut previous, receive);
        threads.push(std::thread::spawn(move || {
            let mut seen = 0;
            while let Ok(number) = from.recv() {
                seen += 1;
                if send.send(number + 1).is_err() {
                    break;
                }
            }
            seen
        }));
    }
    let mut number = 0;
    for _ in 0..100 {
        same!(start.send(number).is_ok(), true);
        number = previous.recv().unwrap_or(0);
    }
    drop(start);
    same!((number, sum(threads)), (3200, Some(3200)));
    Ok(())
}

fn many_producers_one_consumer() -> Outcome {
    let (send, receive) = channel();
    for n in 0..16u64 {
        let send = send.clone();
        std::thread::spawn(move || (0..1000).try_for_each(|step| send.send(n * 1000 + step)));
    }
    drop(send);
    let mut all: Vec<u64> = receive.iter().collect();
    all.sort_unstable();
    same!(all == (0..16_000).collect::<Vec<u64>>(), true);
    Ok(())
}

fn bounded_channel_blocks() -> Outcome {
    let (send, receive) = sync_channel(2);
    let sender =
        std::thread::spawn(move || (0..500u64).map(|n| u64::from(send.send(n).is_ok())).sum());
    let mut next = 0;
    for number in receive {
        same!(number, next);
        next += 1;
        if number % 100 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    same!((next, sum(vec![sender])), (500, Some(500)));
    Ok(())
}

fn barrier_in_rounds() -> Outcome {
    let barrier = Arc::new(Barrier::new(8));
    let round_sum = Arc::new(AtomicU64::new(0));
    let threads = (0..8)
        .map(|_| {
            let (barrier, round_sum) = (Arc::clone(&barrier), Arc::clone(&round_sum));
            std::thread::spawn(move || {
                let mut right = 0;
                for round in 1..=50 {
                    round_sum.fetch_add(1, SeqCst);
                    barrier.wait();
                    right += u64::from(round_sum.load(SeqCst) == 8 * round);
                    barrier.wait();
                }
                right
            })
        })
        .collect();
    same!(sum(threads), Some(400));
    Ok(())
}

fn condition_variable_queue() -> Outcome {
    let shared = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
    let workers = (0..8)
        .map(|_| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || {
                let mut total = 0;
                loop {
                    let Ok(mut queue) = shared.0.lock() else {
                        return 0;
                    };
                    while queue.is_empty() {
                        let Ok(again) = shared.1.wait(queue) else {
                            return 0;
                        };
                        queue = again;
                    }
                    match queue.pop() {
                        Some(u64::MAX) | None => return total,
                        Some(job) => total += job,
                    }
                }
            })
        })
        .collect();
    for job in 0..2000u64 {
        if let Ok(mut queue) = shared.0.lock() {
            queue.insert(0, job);
        }
        shared.1.notify_one();
    }
    if let Ok(mut queue) = shared.0.lock() {
        queue.splice(0..0, [u64::MAX; 8]);
    }
    shared.1.notify_all();
    same!(sum(workers), Some(1_999_000));
    Ok(())
}

fn readers_and_writers() -> Outcome {
    let pair = Arc::new(RwLock::new((0u64, 0u64)));
    let threads = (0..16)
        .map(|n| {
            let pair = Arc::clone(&pair);
            std::thread::spawn(move || {
                let mut torn = 0;
                for _ in 0..500 {
                    if n % 4 == 0 {
                        if let Ok(mut pair) = pair.write() {
                            pair.0 += 1;
                            std::thread::yield_now();
                            pair.1 += 1;
                        }
                    } else if let Ok(pair) = pair.read() {
                        torn += u64::from(pair.0 != pair.1);
                    }
                }
                torn
            })
        })
        .collect();
    same!(sum(threads), Some(0));
    same!(
        pair.read().map(|pair| *pair).unwrap_or((0, 0)),
        (2000, 2000)
    );
    Ok(())
}

fn scoped_threads_borrow() -> Outcome {
    let mut numbers: Vec<u64> = (0..32_000).collect();
    std::thread::scope(|scope| {
        for part in numbers.chunks_mut(1000) {
            scope.spawn(|| part.iter_mut().for_each(|number| *number *= 2));
        }
    });
    same!(numbers.iter().sum::<u64>(), 31_999 * 32_000);
    Ok(())
}

/// Sleepers of different lengths wake in the order of their times, which are far enough apart
/// for any machine.
fn timers_in_order() -> Outcome {
    let (send, receive) = channel();
    for n in [4u64, 1, 3, 0, 2] {
        let send = send.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(n * 150));
            send.send(n)
        });
    }
    drop(send);
    same!(receive.iter().collect::<Vec<_>>(), vec![0, 1, 2, 3, 4]);
    Ok(())
}

fn timeouts_of_waits() -> Outcome {
    let start = Instant::now();
    let (_send, receive) = channel::<u64>();
    holds!(receive.recv_timeout(Duration::from_millis(20)).is_err());
    let pair = (Mutex::new(()), Condvar::new());
    if let Ok(guard) = pair.0.lock() {
        let waited = pair.1.wait_timeout(guard, Duration::from_millis(20));
        holds!(waited.is_ok_and(|(_, result)| result.timed_out()));
    }
    std::thread::park_timeout(Duration::from_millis(20));
    holds!(start.elapsed() >= Duration::from_millis(40));
    Ok(())
}

fn parked_threads() -> Outcome {
    let ready = Arc::new(AtomicU64::new(0));
    let threads: Vec<_> = (0..16u64)
        .map(|n| {
            let ready = Arc::clone(&ready);
            std::thread::spawn(move || {
                while ready.load(SeqCst) == 0 {
                    std::thread::park();
                }
                n
            })
        })
        .collect();
    ready.store(1, SeqCst);
    threads.iter().for_each(|thread| thread.thread().unpark());
    same!(sum(threads), Some(120));
    Ok(())
}

fn panics_stay_in_their_thread() -> Outcome {
    // A release build aborts on panic, so this asks a child process instead of a thread.
    let status = abi_tests::process::status_of(|| {
        std::panic::set_hook(Box::new(|_| {}));
        let thread = std::thread::spawn(|| {
            let empty: [u8; 0] = [];
            u64::from(std::hint::black_box(&empty[..])[0])
        });
        i32::from(thread.join().is_ok())
    })?;
    same!(status == 0 || status & 0x7f == libc::SIGABRT, true);
    Ok(())
}

fn shared_map() -> Outcome {
    let map = Arc::new(Mutex::new(HashMap::new()));
    let threads = (0..32u64)
        .map(|n| {
            let map = Arc::clone(&map);
            std::thread::spawn(move || {
                for step in 0..200 {
                    if let Ok(mut map) = map.lock() {
                        *map.entry(step % 50).or_insert(0u64) += n;
                    }
                }
                0
            })
        })
        .collect();
    same!(sum(threads), Some(0));
    let map = map.lock().map(|map| map.clone()).unwrap_or_default();
    same!(
        (map.len(), map.values().all(|value| *value == 496 * 4)),
        (50, true)
    );
    Ok(())
}

fn once_is_once() -> Outcome {
    static ONCE: OnceLock<u64> = OnceLock::new();
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let threads = (0..32)
        .map(|_| {
            std::thread::spawn(|| {
                *ONCE.get_or_init(|| {
                    std::thread::sleep(Duration::from_millis(5));
                    RUNS.fetch_add(1, SeqCst) + 7
                })
            })
        })
        .collect();
    same!((sum(threads), RUNS.load(SeqCst)), (Some(7 * 32), 1));
    Ok(())
}

fn deep_recursion_in_threads() -> Outcome {
    fn depth(n: u64) -> u64 {
        if n == 0 {
            0
        } else {
            std::hint::black_box(depth(n - 1)) + 1
        }
    }
    let threads = (0..8)
        .map(|_| std::thread::spawn(|| depth(10_000)))
        .collect();
    same!(sum(threads), Some(80_000));
    Ok(())
}

fn allocation_in_threads() -> Outcome {
    let threads = (0..16u64)
        .map(|n| {
            std::thread::spawn(move || {
                let mut blocks = Vec::new();
                for step in 0..200usize {
                    blocks.push(vec![n as u8; (step * 97) % 5000 + 1]);
                    if step % 3 == 0 {
                        blocks.swap_remove(step / 3 % blocks.len());
                    }
                }
                blocks
                    .iter()
                    .map(|block| u64::from(block.iter().all(|b| *b == n as u8)))
                    .sum()
            })
        })
        .collect();
    same!(sum(threads), Some(16 * 133));
    Ok(())
}
