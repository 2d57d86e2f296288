//! Forks, and so does every child, without end, until the number of seconds given has passed.
//! A fork that fails is tried again: the point is to leave nobody else a chance.

use std::time::{Duration, Instant};

fn main() {
    let seconds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(5);
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        abi_tests::raw::fork();
    }
}
