//! An ordinary program of Rust's standard library with 32 threads that wait on timers, send
//! through a channel, share a lock and write files. It prints one line, the same on every system.

use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, Instant};

const THREADS: u64 = 32;
const MESSAGES: u64 = 100;

fn main() -> std::io::Result<()> {
    let folder = std::env::temp_dir().join(format!("threads-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    let barrier = Arc::new(Barrier::new(THREADS as usize));
    let written = Arc::new(Mutex::new(0_u32));
    let (sender, receiver) = mpsc::channel();
    let workers: Vec<_> = (0..THREADS)
        .map(|number| {
            let (sender, folder) = (sender.clone(), folder.clone());
            let (barrier, written) = (Arc::clone(&barrier), Arc::clone(&written));
            std::thread::spawn(move || -> std::io::Result<()> {
                barrier.wait();
                let start = Instant::now();
                std::thread::sleep(Duration::from_millis(10 + number));
                assert!(
                    start.elapsed() >= Duration::from_millis(10 + number),
                    "a timer was early"
                );
                for message in 0..MESSAGES {
                    sender
                        .send(number * MESSAGES + message)
                        .expect("the receiver waits for all");
                }
                let file = folder.join(number.to_string());
                std::fs::write(&file, vec![number as u8; 5000])?;
                assert_eq!(std::fs::read(&file)?, vec![number as u8; 5000]);
                std::fs::remove_file(file)?;
                *written.lock().expect("no thread panicked") += 1;
                Ok(())
            })
        })
        .collect();
    drop(sender);
    let (count, sum) = receiver
        .iter()
        .fold((0_u64, 0), |(count, sum), value| (count + 1, sum + value));
    for worker in workers {
        worker.join().expect("no thread panicked")?;
    }
    std::fs::remove_dir(folder)?;
    let written = *written.lock().expect("no thread panicked");
    println!("{THREADS} threads, {count} messages, sum {sum}, {written} files");
    Ok(())
}
