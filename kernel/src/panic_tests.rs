//! Tests that must end in a panic: each runs in a machine of its own.

#[inline(never)]
fn dig(depth: usize) -> usize {
    let hole = core::hint::black_box([depth; 64]);
    if core::hint::black_box(true) {
        dig(depth + 1) + hole[depth % 64]
    } else {
        0
    }
}

metal::ktest! {
    #[should_panic("kernel panic: as asked")]
    fn a_panic_says_why_and_ends_the_machine() {
        panic!("as asked");
    }

    #[should_panic("kernel::panic_tests::dig")]
    fn an_overflowing_stack_is_caught_by_its_guard_page() {
        dig(0);
    }

    #[should_panic("page fault in the kernel")]
    fn a_stray_read_of_user_memory_is_a_bug_of_the_kernel() {
        metal::trap::touch_for_test(0x1000);
    }

    #[should_panic("memory allocation of")]
    fn a_heap_that_is_really_out_says_so() {
        let mut all = alloc::vec::Vec::new();
        loop {
            all.push(alloc::vec![1_u8; 1 << 20]);
        }
    }
}
