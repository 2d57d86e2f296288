//! Random numbers: the kernel's generator, and `/dev/random` and `/dev/urandom`.
//!
//! One ChaCha20 generator (`rand_chacha`, kept by the Rust random number project) seeds a new one
//! for every request and then replaces its own key, so neither a request's numbers nor the state
//! left behind tell anything about earlier ones. Each step mixes in what the processor offers.
//! The generator is seeded before the first program runs, so nobody ever waits.
//!
//! Source: `random(4)`, `getrandom(2)`; D. J. Bernstein, "Fast-key-erasure random-number
//! generators".
use crate::error::{Errno, Result};
use crate::file::{Device, DeviceNumber, File, IoFlags, OpenFlags, Seek};
use crate::memory::io::{Sink, Source};
use crate::memory::user;
use crate::process;
use crate::sync::SpinLock;
use abi::raw::ioctl::RNDGETENTCNT;
use alloc::sync::Arc;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use spin::LazyLock;

/// Minor numbers (major 1).
pub const RANDOM: u32 = 8;
/// See [`RANDOM`].
pub const URANDOM: u32 = 9;

/// Bits of entropy that `RNDGETENTCNT` reports, as Linux does since 5.18 once seeded.
const ENTROPY_BITS: i32 = 256;
/// Bytes made at once for a long read.
const CHUNK: usize = 256;

type Seed = [u8; 32];

static GENERATOR: LazyLock<SpinLock<ChaCha20Rng>> =
    LazyLock::new(|| SpinLock::new(ChaCha20Rng::from_seed(first_seed())));

fn first_seed() -> Seed {
    let mut seed = Seed::default();
    for word in seed.as_chunks_mut::<8>().0 {
        let jitter = metal::random::jitter();
        *word = (jitter ^ metal::random::hardware().unwrap_or(0)).to_le_bytes();
    }
    seed
}

/// A generator for one request.
fn generator() -> ChaCha20Rng {
    let mut shared = GENERATOR.lock();
    let (mut request, mut next) = (Seed::default(), Seed::default());
    shared.fill_bytes(&mut request);
    shared.fill_bytes(&mut next);
    let fresh = metal::random::hardware().unwrap_or_else(metal::clock::time_stamp);
    mix(&mut next, &fresh.to_le_bytes());
    *shared = ChaCha20Rng::from_seed(next);
    ChaCha20Rng::from_seed(request)
}

fn mix(seed: &mut Seed, bytes: &[u8]) {
    seed.iter_mut()
        .zip(bytes)
        .for_each(|(seed, byte)| *seed ^= byte);
}

/// Fills `bytes` with random numbers.
pub fn fill(bytes: &mut [u8]) {
    generator().fill_bytes(bytes);
}

/// A random number.
pub fn number() -> u64 {
    generator().next_u64()
}

/// Stirs what somebody gave into the generator. It can only add to what others cannot know.
fn stir(bytes: &[u8]) {
    let mut shared = GENERATOR.lock();
    for part in bytes.chunks(size_of::<Seed>()) {
        let mut seed = Seed::default();
        shared.fill_bytes(&mut seed);
        mix(&mut seed, part);
        *shared = ChaCha20Rng::from_seed(seed);
    }
}

/// Writes random numbers until `sink` is full. A signal ends a long read between two chunks.
pub fn read(sink: &mut Sink<'_>) -> Result<usize> {
    let mut generator = generator();
    let mut chunk = [0; CHUNK];
    let mut total = 0;
    while sink.remaining() > 0 {
        let length = sink.remaining().min(CHUNK);
        generator.fill_bytes(&mut chunk[..length]);
        match sink.write(&chunk[..length]) {
            Ok(count) => total += count,
            Err(_) if total > 0 => break,
            Err(error) => return Err(error),
        }
        if process::current().must_interrupt_wait() {
            break;
        }
        process::yield_if_needed();
    }
    Ok(total)
}

/// `/dev/random` and `/dev/urandom`, which are the same.
pub struct RandomDevice;

impl Device for RandomDevice {
    fn open(&self, _number: DeviceNumber, _flags: OpenFlags) -> Result<Arc<dyn File>> {
        Ok(Arc::new(RandomFile))
    }
}

struct RandomFile;

impl File for RandomFile {
    fn read(&self, _position: &mut u64, sink: &mut Sink<'_>, _flags: IoFlags) -> Result<usize> {
        read(sink)
    }

    fn write(
        &self,
        _position: &mut u64,
        source: &mut Source<'_>,
        _flags: IoFlags,
    ) -> Result<usize> {
        let mut chunk = [0; CHUNK];
        let mut total = 0;
        while source.remaining() > 0 {
            match source.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => {
                    stir(&chunk[..count]);
                    total += count;
                }
                Err(_) if total > 0 => break,
                Err(error) => return Err(error),
            }
            process::yield_if_needed();
        }
        Ok(total)
    }

    fn ioctl(&self, command: u32, argument: usize) -> Result<usize> {
        match command {
            RNDGETENTCNT => user::write(argument, &ENTROPY_BITS).map(|()| 0),
            _ => Err(Errno::EINVAL),
        }
    }

    fn seek(&self) -> Seek {
        Seek::Ignored
    }
}
