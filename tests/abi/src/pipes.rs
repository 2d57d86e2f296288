//! Pipes and FIFOs, and waiting for several files at once.

use abi_tests::check::Case;

mod epoll;
mod epoll_wait;
mod eventfd;
mod fifo;
mod packet;
mod pipe;
mod poll;
mod signals;
mod splice;

/// The tables of this family.
pub const TABLES: &[&[Case]] = &[
    pipe::CASES,
    fifo::CASES,
    poll::CASES,
    epoll::CASES,
    epoll_wait::CASES,
    eventfd::CASES,
    packet::CASES,
    signals::CASES,
    splice::CASES,
];
