//! In-kernel tests of screen memory: what mappings show, and that no change of it is missed.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::ops::Range;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use drivers::display::memory::{FrameRun, ScreenMemory};
use metal::memory::{Frame, free_frames};

use super::memory::ScreenFrames;
use crate::error::Errno;
use crate::memory::{
    AddressSpace, FaultError, MapRequest, MappedObject, Move, NO_GROWTH, PAGE_SIZE, Pager, Place,
    Protection, user,
};
use crate::process::{current, exit, kernel_thread};
use crate::sync::{SpinLock, WaitQueue};
use crate::time::{Nanoseconds, monotonic_now};

const READ_WRITE: Protection = Protection::READ.union(Protection::WRITE);
/// Looks for changes after which the next write is waited for.
const MANY_LOOKS: usize = 40;

static WOKEN: AtomicUsize = AtomicUsize::new(0);

fn wake() {
    WOKEN.fetch_add(1, Ordering::Relaxed);
}

/// How often somebody was woken since this was last asked.
fn woken() -> usize {
    WOKEN.swap(0, Ordering::Relaxed)
}

fn screen(pages: usize) -> Arc<ScreenFrames> {
    woken();
    ScreenFrames::zeroed(pages * PAGE_SIZE, wake).expect("memory for a small screen")
}

fn map_part(
    space: &AddressSpace,
    screen: &Arc<ScreenFrames>,
    pages: Range<usize>,
    shared: bool,
) -> usize {
    let length = pages.len() * PAGE_SIZE;
    let mut request = MapRequest::anonymous(Place::Hint(0), length, READ_WRITE);
    request.shared = shared;
    request.object = Some(MappedObject {
        pager: Arc::clone(screen) as Arc<dyn Pager>,
        file: None,
        offset_bytes: (pages.start * PAGE_SIZE) as u64,
    });
    let address = space.map(&current().process, request);
    address.expect("room for a small screen")
}

fn map(space: &AddressSpace, screen: &Arc<ScreenFrames>, pages: usize) -> usize {
    map_part(space, screen, 0..pages, true)
}

/// An empty address space for the thread that runs the tests, in force: writes to it are the
/// processor's own. What earlier tests did to the last one does not matter here.
fn own_space() -> Arc<AddressSpace> {
    let space = AddressSpace::new().expect("memory");
    space.activate();
    current().set_address_space(Some(Arc::clone(&space)));
    space
}

/// Writes as a program does.
fn write(address: usize, byte: u8) {
    user::write(address, &byte).expect("mapped and writable");
}

/// The same as another process would, whose memory is `space`; `own` is in force again afterwards.
fn write_as(space: &AddressSpace, own: &AddressSpace, address: usize, byte: u8) {
    let supplied = space
        .lock()
        .handle_fault(address, Protection::WRITE, NO_GROWTH);
    supplied.expect("mapped and writable");
    space.activate();
    write(address, byte);
    own.activate();
}

/// The pages that have changed, and nothing that changed twice.
fn changed(screen: &ScreenFrames) -> Vec<usize> {
    let mut pages = Vec::with_capacity(64);
    screen.take_dirty(&mut |bytes| {
        assert!(bytes.start.is_multiple_of(PAGE_SIZE) && bytes.end.is_multiple_of(PAGE_SIZE));
        pages.extend(bytes.step_by(PAGE_SIZE).map(|offset| offset / PAGE_SIZE));
    });
    pages
}

fn shown(screen: &ScreenFrames, page: usize) -> u8 {
    let mut byte = [0];
    screen.read(page * PAGE_SIZE, &mut byte);
    byte[0]
}

/// The screen at which the thread of a test looks, and whether it has.
static LOOKED_AT: SpinLock<Option<Arc<ScreenFrames>>> = SpinLock::new(None);
static HAS_LOOKED: AtomicBool = AtomicBool::new(false);
static CHANGED: WaitQueue = WaitQueue::new();

fn look() -> ! {
    let screen = LOOKED_AT.lock().take();
    CHANGED.wake_all();
    if let Some(screen) = screen {
        screen.take_dirty(&mut |_| {});
    }
    HAS_LOOKED.store(true, Ordering::SeqCst);
    CHANGED.wake_all();
    exit::end_kernel_thread()
}

metal::ktest! {
    fn what_a_program_draws_is_told_once() {
        let (space, screen) = (own_space(), screen(8));
        let address = map(&space, &screen, 8);
        assert!(changed(&screen).is_empty());
        write(address + 3 * PAGE_SIZE, 7);
        write(address + 5 * PAGE_SIZE, 8);
        assert_eq!(changed(&screen), [3, 5]);
        assert_eq!((shown(&screen, 3), shown(&screen, 5)), (7, 8));
        assert!(changed(&screen).is_empty());
        // Through a translation that the processor has used before.
        write(address + 3 * PAGE_SIZE, 9);
        assert_eq!(changed(&screen), [3]);
        space.unmap(address, 8 * PAGE_SIZE).expect("mapped");
    }

    fn a_screen_that_grows_stays_where_it_is() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        write(address, 7);
        assert!(screen.grow(70 * PAGE_SIZE));
        assert_eq!(screen.length(), 70 * PAGE_SIZE);
        assert_eq!(changed(&screen), [0]);
        let whole = map(&space, &screen, 70);
        write(whole + 69 * PAGE_SIZE, 8);
        write(address + PAGE_SIZE, 9);
        assert_eq!(changed(&screen), [1, 69]);
        let all = [0, 1, 30, 69].map(|page| shown(&screen, page));
        assert_eq!(all, [7, 9, 0, 8]);
        // Both mappings are of the same frames.
        write(whole + PAGE_SIZE, 6);
        assert_eq!(user::read::<u8>(address + PAGE_SIZE), Ok(6));
        // It never becomes shorter.
        assert!(screen.grow(8 * PAGE_SIZE));
        assert_eq!(screen.length(), 70 * PAGE_SIZE);
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
        space.unmap(whole, 70 * PAGE_SIZE).expect("mapped");
    }

    fn reading_changes_nothing() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        assert_eq!(user::read::<u8>(address), Ok(0));
        screen.write(PAGE_SIZE, &[5; 10]);
        assert_eq!(user::read::<u8>(address + PAGE_SIZE + 9), Ok(5));
        assert_eq!(woken(), 0, "nobody is woken by reading");
        assert!(changed(&screen).is_empty());
        // The look cannot know that nobody will write; if it says so, who presents must look again.
        assert_eq!(woken() == 1, screen.is_open());
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
    }

    fn two_faults_are_enough_for_a_whole_screen() {
        let (space, screen) = (own_space(), screen(64));
        let address = map(&space, &screen, 64);
        let faults = || current().process.page_faults.load(Ordering::Relaxed);
        let before = faults();
        for page in 0..64 {
            write(address + page * PAGE_SIZE, 1);
        }
        assert!(faults() - before <= 2, "{} faults", faults() - before);
        assert_eq!(changed(&screen).len(), 64);
        space.unmap(address, 64 * PAGE_SIZE).expect("mapped");
    }

    fn what_was_drawn_outlives_its_mapping() {
        let (space, screen) = (own_space(), screen(8));
        let address = map(&space, &screen, 8);
        write(address + PAGE_SIZE, 1);
        write(address + 6 * PAGE_SIZE, 2);
        // The middle goes, then the rest.
        space.unmap(address + PAGE_SIZE, 2 * PAGE_SIZE).expect("mapped");
        assert_eq!(user::read::<u8>(address + PAGE_SIZE), Err(Errno::EFAULT));
        assert_eq!(changed(&screen), [1, 6]);
        write(address + 7 * PAGE_SIZE, 3);
        space.unmap(address, 8 * PAGE_SIZE).expect("a part is mapped");
        assert_eq!(changed(&screen), [7]);
        assert!(!screen.is_open());
    }

    fn a_mapping_outlives_its_screen_and_then_gives_the_memory_back() {
        let space = own_space();
        let (before, screen) = (free_frames(), screen(16));
        let address = map(&space, &screen, 16);
        write(address, 4);
        drop(screen);
        assert_eq!(user::read::<u8>(address), Ok(4));
        write(address + PAGE_SIZE, 5);
        assert!(before - free_frames() >= 16);
        space.unmap(address, 16 * PAGE_SIZE).expect("mapped");
        assert!(before - free_frames() < 16);
    }

    fn a_child_draws_on_the_same_screen() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        write(address, 1);
        let child = space.fork().expect("memory");
        assert_eq!(changed(&screen), [0]);
        write_as(&child, &space, address + 2 * PAGE_SIZE, 2);
        write(address + 3 * PAGE_SIZE, 3);
        assert_eq!(changed(&screen), [2, 3]);
        write_as(&child, &space, address + PAGE_SIZE, 4);
        // It ends with something drawn.
        drop(child);
        assert_eq!(changed(&screen), [1]);
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
        assert!(changed(&screen).is_empty() && !screen.is_open());
    }

    fn a_moved_mapping_is_still_watched() {
        let (space, screen) = (own_space(), screen(4));
        let old = map(&space, &screen, 4);
        write(old, 1);
        let process = &current().process;
        let length = 4 * PAGE_SIZE;
        let far = Move::To(old - 64 * PAGE_SIZE);
        let new = space.remap(process, old, length, length, far, false).expect("room");
        write(new + PAGE_SIZE, 2);
        assert_eq!(changed(&screen), [0, 1]);
        // It cannot grow, be doubled, or leave something behind.
        let remap = |length, new_length, keep| {
            space.remap(process, new, length, new_length, Move::Anywhere, keep)
        };
        assert_eq!(remap(length, 2 * length, false), Err(Errno::EFAULT));
        assert_eq!(remap(0, length, false), Err(Errno::EFAULT));
        assert_eq!(remap(length, length, true), Err(Errno::EINVAL));
        write(new + 3 * PAGE_SIZE, 3);
        assert_eq!(remap(length, PAGE_SIZE, false), Ok(new));
        write(new, 4);
        assert_eq!(changed(&screen), [0, 3]);
        space.unmap(new, length).expect("mapped");
    }

    fn rights_that_come_and_go_lose_nothing() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        let length = 4 * PAGE_SIZE;
        write(address, 1);
        space.protect(address, length, Protection::READ).expect("mapped");
        let refused = space.lock().handle_fault(address, Protection::WRITE, NO_GROWTH);
        assert_eq!(refused, Err(FaultError::NotAllowed));
        space.protect(address, length, READ_WRITE).expect("mapped");
        write(address + PAGE_SIZE, 2);
        assert_eq!(changed(&screen), [0, 1]);
        write(address, 3);
        space.protect(address, PAGE_SIZE, Protection::empty()).expect("mapped");
        write(address + 2 * PAGE_SIZE, 4);
        assert_eq!(changed(&screen), [0, 2]);
        // Cut in two, both halves are watched.
        write(address + 3 * PAGE_SIZE, 5);
        space.protect(address, PAGE_SIZE, READ_WRITE).expect("mapped");
        write(address, 6);
        assert_eq!(changed(&screen), [0, 3]);
        space.unmap(address, length).expect("mapped");
    }

    fn private_mappings_draw_on_nothing() {
        let (space, screen) = (own_space(), screen(2));
        screen.write(0, b"seen");
        let address = map_part(&space, &screen, 0..2, false);
        assert_eq!(user::read::<u8>(address), Ok(b's'));
        write(address, b'x');
        write(address + PAGE_SIZE, b'y');
        assert_eq!((shown(&screen, 0), shown(&screen, 1)), (b's', 0));
        assert!(changed(&screen).is_empty() && !screen.is_open());
        space.unmap(address, 2 * PAGE_SIZE).expect("mapped");
    }

    fn a_quiet_screen_rests_and_the_next_write_wakes() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        write(address, 1);
        assert_eq!(woken(), 1);
        assert_eq!(changed(&screen), [0]);
        assert!(screen.is_open());
        for _ in 0..MANY_LOOKS {
            assert!(changed(&screen).is_empty());
        }
        assert!(!screen.is_open());
        assert_eq!(woken(), 0);
        write(address + PAGE_SIZE, 2);
        assert_eq!(woken(), 1);
        assert!(screen.is_open());
        write(address, 3);
        assert_eq!(woken(), 0);
        assert_eq!(changed(&screen), [0, 1]);
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
    }

    fn while_somebody_looks_a_screen_is_no_less_open() {
        let (space, screen) = (own_space(), screen(4));
        let address = map(&space, &screen, 4);
        write(address, 1);
        HAS_LOOKED.store(false, Ordering::SeqCst);
        *LOOKED_AT.lock() = Some(Arc::clone(&screen));
        let held = space.lock();
        kernel_thread::start(b"test", look).expect("memory for a thread");
        CHANGED.wait_uninterruptible(|| LOOKED_AT.lock().is_none().then_some(()));
        // It comes as far as the memory that is locked, and must wait there.
        let soon = monotonic_now() + Nanoseconds(5_000_000);
        let waited = WaitQueue::new().wait_until_deadline(Some(soon), || None::<()>);
        assert_eq!(waited, Ok(None));
        assert!(!HAS_LOOKED.load(Ordering::SeqCst));
        assert!(screen.is_open(), "who presents would sleep now");
        drop(held);
        CHANGED.wait_uninterruptible(|| HAS_LOOKED.load(Ordering::SeqCst).then_some(()));
        assert!(screen.is_open());
        assert_eq!(woken(), 1);
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
    }

    fn several_mappings_are_one_screen() {
        let (space, screen) = (own_space(), screen(8));
        let whole = map(&space, &screen, 8);
        let end = map_part(&space, &screen, 6..8, true);
        write(end + PAGE_SIZE, 1);
        assert_eq!(user::read::<u8>(whole + 7 * PAGE_SIZE), Ok(1));
        write(whole + 6 * PAGE_SIZE, 2);
        assert_eq!(changed(&screen), [6, 7]);
        space.unmap(whole, 8 * PAGE_SIZE).expect("mapped");
        write(end, 3);
        assert_eq!(changed(&screen), [6]);
        space.unmap(end, 2 * PAGE_SIZE).expect("mapped");
    }

    fn nothing_is_mapped_past_the_end() {
        let (space, screen) = (own_space(), screen(2));
        let address = map(&space, &screen, 4);
        assert_eq!(user::write(address + 2 * PAGE_SIZE, &1_u8), Err(Errno::EFAULT));
        let outcome = space.lock().handle_fault(address + 3 * PAGE_SIZE, Protection::READ, NO_GROWTH);
        assert_eq!(outcome, Err(FaultError::PastEnd));
        assert_eq!(screen.length_limit(), Some(2 * PAGE_SIZE as u64));
        space.unmap(address, 4 * PAGE_SIZE).expect("mapped");
    }

    fn screens_are_zeroed_and_lie_in_long_runs() {
        let dirty: Vec<_> = (0..64).map_while(|_| Frame::zeroed()).collect();
        dirty.iter().for_each(|frame| frame.write(0, b"secret"));
        // What is given back is in no order.
        let (even, odd): (Vec<_>, Vec<_>) = dirty.into_iter().partition(|frame| frame.number() % 2 == 0);
        drop(odd);
        let screen = screen(128);
        drop(even);
        let mut bytes = [1; 6];
        for page in 0..128 {
            screen.read(page * PAGE_SIZE, &mut bytes);
            assert_eq!(bytes, [0; 6]);
        }
        let mut runs = Vec::with_capacity(128);
        screen.frames(&mut |run: FrameRun| runs.push(run));
        assert_eq!(runs.iter().map(|run| run.bytes).sum::<u64>(), 128 * PAGE_SIZE as u64);
        assert_eq!(runs.len(), 1);
    }

    fn too_large_a_screen_is_refused() {
        assert!(ScreenFrames::zeroed(metal::memory::total_frames() * PAGE_SIZE, wake).is_none());
        assert!(ScreenFrames::zeroed(usize::MAX / 2, wake).is_none());
    }
}
