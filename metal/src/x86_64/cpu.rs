//! The processor: what it can do, its control registers, and the data each one has of its own.
//!
//! Per-processor data is reached through the GS base, which points at a [`PerCpu`] while the
//! kernel runs and is swapped with the user's at every border (`user/entry.rs`).
//!
//! Source: SDM volume 3, section 2.5 (control registers), volume 2 (CPUID).

use core::arch::asm;
use core::cell::Cell;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use ::x86_64::registers::control::{Cr0, Cr0Flags, Cr4, Cr4Flags};
use ::x86_64::registers::model_specific::{Efer, EferFlags, GsBase, Msr};

use super::{segment, trap, user};

/// How many processors the per-processor tables hold. The first milestones start one.
pub const PROCESSORS_MAX: usize = 8;

/// What one processor needs without looking it up. The assembly of `user/entry.rs` names some
/// of the fields by offset.
#[repr(C, align(64))]
pub(crate) struct PerCpu {
    /// Stack pointer to take up when user mode is left.
    pub kernel_stack: Cell<usize>,
    /// The register frame that leaving user mode fills; see `user/mod.rs`.
    pub user_frame: Cell<usize>,
    /// Room for one of the user's registers during a system call's first instructions.
    pub scratch: Cell<usize>,
    /// The context that this processor left last; see `context.rs`.
    pub previous_context: Cell<usize>,
    pub number: Cell<usize>,
    /// The context that runs here, held by count; see `context.rs`.
    pub current_context: Cell<usize>,
    /// Where this structure lies. Offset 48.
    pub this: Cell<*const PerCpu>,
}

// SAFETY: each processor touches only its own element, through its own GS base, and interrupt
// handlers do not touch the cells.
unsafe impl Sync for PerCpu {}

static PER_CPU: [PerCpu; PROCESSORS_MAX] = [const {
    PerCpu {
        kernel_stack: Cell::new(0),
        user_frame: Cell::new(0),
        scratch: Cell::new(0),
        previous_context: Cell::new(0),
        number: Cell::new(0),
        current_context: Cell::new(0),
        this: Cell::new(core::ptr::null()),
    }
}; PROCESSORS_MAX];

/// The calling processor's number, from 0.
pub fn number() -> usize {
    per_cpu().number.get()
}

#[inline]
pub(crate) fn per_cpu() -> &'static PerCpu {
    let this: *const PerCpu;
    // SAFETY: while the kernel runs, the GS base points at this processor's element, whose own
    // address lies at offset 48 since `initialise`.
    unsafe {
        asm!("mov {}, gs:[48]", out(reg) this, options(nostack, preserves_flags, readonly));
        &*this
    }
}

static HAS_SMAP: AtomicBool = AtomicBool::new(false);
static HAS_FSGSBASE: AtomicBool = AtomicBool::new(false);
static FEATURES_LEAF_1: [AtomicU32; 2] = [AtomicU32::new(0), AtomicU32::new(0)];

/// Whether the processor keeps the kernel from touching user memory by mistake (SMAP).
#[inline]
pub(crate) fn has_smap() -> bool {
    HAS_SMAP.load(Ordering::Relaxed)
}

/// Whether FS and GS bases can be read and written without a model-specific register.
#[inline]
pub(crate) fn has_fsgsbase() -> bool {
    HAS_FSGSBASE.load(Ordering::Relaxed)
}

/// Whether writes to memory in a device may be brought there together: the kinds of memory can be
/// named in page table entries (PAT).
pub(crate) fn can_combine_writes() -> bool {
    hardware_capabilities() & (1 << 16) != 0
}

/// CPUID leaf 1, EDX: what Linux reports as AT_HWCAP.
pub fn hardware_capabilities() -> u32 {
    FEATURES_LEAF_1[1].load(Ordering::Relaxed)
}

/// What Linux reports as AT_HWCAP2: programs may use RDFSBASE and its kin.
pub fn hardware_capabilities_2() -> u32 {
    u32::from(has_fsgsbase()) << 1
}

pub(crate) fn has_rdrand() -> bool {
    FEATURES_LEAF_1[0].load(Ordering::Relaxed) & (1 << 30) != 0
}

/// What `/proc/cpuinfo` says of a processor.
pub struct Identification {
    /// "GenuineIntel", "AuthenticAMD", …
    pub vendor: [u8; 12],
    /// The marketing name, NUL-padded.
    pub brand: [u8; 48],
    /// Family, with the extended family added.
    pub family: u32,
    /// Model, with the extended model in its place.
    pub model: u32,
    /// Stepping.
    pub stepping: u32,
    /// CPUID leaf 1: ECX, EDX; leaf 7: EBX; leaf 0x8000_0001: ECX, EDX.
    pub features: [u32; 5],
}

fn cpuid(leaf: u32, subleaf: u32) -> [u32; 4] {
    let result = core::arch::x86_64::__cpuid_count(leaf, subleaf);
    [result.eax, result.ebx, result.ecx, result.edx]
}

/// Reads the identification of the calling processor.
pub fn identification() -> Identification {
    let [_, b, c, d] = cpuid(0, 0);
    let mut vendor = [0; 12];
    for (chunk, register) in vendor.chunks_exact_mut(4).zip([b, d, c]) {
        chunk.copy_from_slice(&register.to_le_bytes());
    }
    let mut brand = [0; 48];
    if cpuid(0x8000_0000, 0)[0] >= 0x8000_0004 {
        let words = (0x8000_0002..=0x8000_0004).flat_map(|leaf| cpuid(leaf, 0));
        for (chunk, register) in brand.chunks_exact_mut(4).zip(words) {
            chunk.copy_from_slice(&register.to_le_bytes());
        }
    }
    let [signature, _, features_c, features_d] = cpuid(1, 0);
    let base_family = signature >> 8 & 0xf;
    let leaf_7 = if cpuid(0, 0)[0] >= 7 {
        cpuid(7, 0)[1]
    } else {
        0
    };
    let extended = cpuid(0x8000_0001, 0);
    Identification {
        vendor,
        brand,
        family: base_family
            + if base_family == 15 {
                signature >> 20 & 0xff
            } else {
                0
            },
        model: (signature >> 4 & 0xf) | (signature >> 12 & 0xf0),
        stepping: signature & 0xf,
        features: [features_c, features_d, leaf_7, extended[2], extended[3]],
    }
}

/// Takes over the processor that the boot code runs on: its tables, its trap entries, its
/// protections.
pub(crate) fn initialise_boot_processor() {
    initialise(0);
}

fn initialise(number: usize) {
    let per_cpu = &PER_CPU[number];
    per_cpu.number.set(number);
    per_cpu.this.set(core::ptr::from_ref(per_cpu));
    segment::load(number);
    GsBase::write(::x86_64::VirtAddr::from_ptr(per_cpu));
    trap::load();
    user::enable_system_calls();
    enable_protections();
    name_memory_kinds();
}

/// Makes number 4 of the processor's kinds of memory "write-combining"; the others are as they are
/// after a reset. Source: SDM volume 3, section 13.12 (page attribute table).
fn name_memory_kinds() {
    const PAGE_ATTRIBUTE_TABLE: u32 = 0x277;
    const KINDS: u64 = 0x0007_0401_0007_0406;
    if can_combine_writes() {
        // SAFETY: the register is there, and no page is mapped with number 4 as yet.
        unsafe { write_msr(PAGE_ATTRIBUTE_TABLE, KINDS) };
    }
}

fn enable_protections() {
    let [_, _, features_c, features_d] = cpuid(1, 0);
    FEATURES_LEAF_1[0].store(features_c, Ordering::Relaxed);
    FEATURES_LEAF_1[1].store(features_d, Ordering::Relaxed);
    let features = if cpuid(0, 0)[0] >= 7 {
        cpuid(7, 0)[1]
    } else {
        0
    };
    let mut cr4 =
        Cr4::read() | Cr4Flags::OSFXSR | Cr4Flags::OSXMMEXCPT_ENABLE | Cr4Flags::PAGE_GLOBAL;
    if features & 1 << 0 != 0 {
        cr4 |= Cr4Flags::FSGSBASE;
        HAS_FSGSBASE.store(true, Ordering::Relaxed);
    }
    if features & 1 << 7 != 0 {
        cr4 |= Cr4Flags::SUPERVISOR_MODE_EXECUTION_PROTECTION;
    }
    if features & 1 << 20 != 0 {
        cr4 |= Cr4Flags::SUPERVISOR_MODE_ACCESS_PREVENTION;
        HAS_SMAP.store(true, Ordering::Relaxed);
    }
    let cr0 = (Cr0::read()
        | Cr0Flags::MONITOR_COPROCESSOR
        | Cr0Flags::NUMERIC_ERROR
        | Cr0Flags::WRITE_PROTECT)
        - Cr0Flags::EMULATE_COPROCESSOR
        - Cr0Flags::TASK_SWITCHED;
    // SAFETY: these bits turn protections and the FPU on; nothing that runs relies on their
    // being off (SMAP: the user copies set AC where the bit is on).
    unsafe {
        Cr0::write(cr0);
        Cr4::write(cr4);
        Efer::update(|flags| {
            *flags |= EferFlags::NO_EXECUTE_ENABLE | EferFlags::SYSTEM_CALL_EXTENSIONS;
        });
    }
}

/// # Safety
/// The register must exist on this processor and the value must keep the kernel running.
pub(crate) unsafe fn write_msr(register: u32, value: u64) {
    // SAFETY: the caller vouches.
    unsafe { Msr::new(register).write(value) }
}

/// # Safety
/// The register must exist on this processor.
pub(crate) unsafe fn read_msr(register: u32) -> u64 {
    // SAFETY: the caller vouches.
    unsafe { Msr::new(register).read() }
}

/// A hint that the caller spins.
pub fn relax() {
    core::hint::spin_loop();
}
