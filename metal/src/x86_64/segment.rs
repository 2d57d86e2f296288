//! Segments: the descriptor table and the task-state segment of each processor.
//!
//! Long mode leaves little of segmentation: code segments say the privilege, the task-state
//! segment says which stack a trap starts on. `sysret` fixes the order of the user segments
//! (data, then code), as `syscall` does that of the kernel's (code, then data).
//!
//! Source: SDM volume 3, sections 3.4 and 8.7; volume 2, SYSRET.

use core::cell::UnsafeCell;

use ::x86_64::PrivilegeLevel;
use ::x86_64::VirtAddr;
use ::x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use ::x86_64::instructions::tables::load_tss;
use ::x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use ::x86_64::structures::tss::TaskStateSegment;

use super::cpu::PROCESSORS_MAX;
use super::kernel_space;
use super::paging::PAGE_SIZE;

/// Selects the code of the kernel.
pub const KERNEL_CODE: u16 = 0x08;
/// Selects the data and stack of a program, with its privilege level.
pub const USER_DATA: u16 = 0x1b;
/// Selects the code of a program, likewise.
pub const USER_CODE: u16 = 0x23;
/// A segment that nobody uses. Its limit is the processor's number: what `lsl` reads from user
/// mode, and getcpu(2) answers.
pub const PROCESSOR_NUMBER: u16 = 0x3b;

/// Traps that must not trust the stack they find start on stacks of their own.
pub const DOUBLE_FAULT_STACK: u16 = 0;
/// See [`DOUBLE_FAULT_STACK`].
pub const NON_MASKABLE_STACK: u16 = 1;
const EMERGENCY_STACK_BYTES: usize = 16 * 1024;

/// A stack with a page under it that shows nothing (`kernel_space.rs` leaves it out): running
/// over faults there instead of changing what lies below.
#[repr(C, align(4096))]
struct EmergencyStack {
    guard: UnsafeCell<[u8; PAGE_SIZE]>,
    stack: UnsafeCell<[u8; EMERGENCY_STACK_BYTES]>,
}

// SAFETY: Rust code never looks inside.
unsafe impl Sync for EmergencyStack {}

struct Segments {
    table: GlobalDescriptorTable,
    task_state: TaskStateSegment,
}

struct PerProcessor(UnsafeCell<Segments>);

// SAFETY: an element is written only by the processor it belongs to.
unsafe impl Sync for PerProcessor {}

static SEGMENTS: [PerProcessor; PROCESSORS_MAX] = [const {
    PerProcessor(UnsafeCell::new(Segments {
        table: GlobalDescriptorTable::new(),
        task_state: TaskStateSegment::new(),
    }))
}; PROCESSORS_MAX];

const EMERGENCY_STACKS: usize = 2;
/// Touched only by the processor, when a trap selects them.
static EMERGENCY: [[EmergencyStack; EMERGENCY_STACKS]; PROCESSORS_MAX] = [const {
    [const {
        EmergencyStack {
            guard: UnsafeCell::new([0; PAGE_SIZE]),
            stack: UnsafeCell::new([0; EMERGENCY_STACK_BYTES]),
        }
    }; EMERGENCY_STACKS]
}; PROCESSORS_MAX];

/// Whether a page of the kernel image lies under an emergency stack and is to show nothing.
pub(super) fn is_guard(page: usize) -> bool {
    let mut stacks = EMERGENCY.iter().flatten();
    stacks.any(|stack| stack.guard.get() as usize == page)
}

/// Whether the page under each emergency stack shows nothing, and the stack above it is there.
pub fn are_emergency_stacks_guarded() -> bool {
    EMERGENCY.iter().flatten().all(|stack| {
        let guard = stack.guard.get() as usize;
        !kernel_space::is_mapped(guard) && kernel_space::is_mapped(guard + PAGE_SIZE)
    })
}

/// Builds and loads the tables of processor `number`, which must be the calling one.
pub fn load(number: usize) {
    // SAFETY: only this processor touches its element, once, before it takes any trap.
    let segments = unsafe { &mut *SEGMENTS[number].0.get() };
    for (index, stack) in EMERGENCY[number].iter().enumerate() {
        let top = stack.stack.get() as u64 + EMERGENCY_STACK_BYTES as u64;
        segments.task_state.interrupt_stack_table[index] = VirtAddr::new(top);
    }
    let task_state: *const TaskStateSegment = &raw const segments.task_state;
    let table = &mut segments.table;
    table.append(Descriptor::kernel_code_segment());
    table.append(Descriptor::kernel_data_segment());
    table.append(Descriptor::user_data_segment());
    table.append(Descriptor::user_code_segment());
    // SAFETY: the task-state segment lives in a static.
    let task_selector = table.append(unsafe { Descriptor::tss_segment_unchecked(task_state) });
    let number_selector = table.append(Descriptor::UserSegment(segment_with_limit(number)));
    assert_eq!(number_selector.0, PROCESSOR_NUMBER);
    // SAFETY: table and task-state segment live in a static and hold what is selected here.
    unsafe {
        (*(table as *const GlobalDescriptorTable)).load_unsafe();
        CS::set_reg(SegmentSelector(KERNEL_CODE));
        SS::set_reg(SegmentSelector::new(2, PrivilegeLevel::Ring0));
        DS::set_reg(SegmentSelector::NULL);
        ES::set_reg(SegmentSelector::NULL);
        load_tss(task_selector);
    }
}

/// The descriptor of a segment for user mode, present and only to be read, with this limit and
/// base 0 (SDM volume 3, section 3.4.5).
const fn segment_with_limit(limit: usize) -> u64 {
    const PRESENT: u64 = 1 << 47;
    const USER: u64 = 3 << 45;
    const CODE_OR_DATA: u64 = 1 << 44;
    const ACCESSED: u64 = 1 << 40;
    assert!(limit < 1 << 16);
    PRESENT | USER | CODE_OR_DATA | ACCESSED | limit as u64
}

/// Where traps from user mode push, on the calling processor: the end of a register frame.
///
/// # Safety
/// `address` must be 16-byte aligned and end a writable area that holds a whole frame for as
/// long as this processor can be in user mode.
pub unsafe fn set_user_trap_stack(number: usize, address: usize) {
    let segments = SEGMENTS[number].0.get();
    // SAFETY: only this processor touches its element; the caller vouches for the address.
    unsafe {
        (*segments).task_state.privilege_stack_table[0] = VirtAddr::new_truncate(address as u64);
    }
}
