//! In-kernel tests: how they are gathered.
//!
//! `metal::ktest!` puts a description of a test into a section of the image, and the linker
//! lines them up; [`all`] is the list. The harness that runs them lies in `kernel/src/ktest`.
//!
//! ```ignore
//! metal::ktest! {
//!     fn adds_up() { assert_eq!(1 + 1, 2); }
//!     #[should_panic("overflow")]
//!     fn falls_over() { u32::MAX + core::hint::black_box(1); }
//! }
//! ```

/// One test.
#[derive(Debug)]
pub struct KernelTest {
    /// Module path and function name.
    pub name: &'static str,
    /// Source file.
    pub file: &'static str,
    /// Line of the function.
    pub line: u32,
    /// The test itself: panics when it fails.
    pub run: fn(),
    /// For tests that must panic: a part of the message that must be printed.
    pub should_panic: Option<&'static str>,
}

unsafe extern "C" {
    static kernel_tests_start: u8;
    static kernel_tests_end: u8;
}

/// All tests of the image, in link order.
pub fn all() -> &'static [KernelTest] {
    let start: *const KernelTest = (&raw const kernel_tests_start).cast();
    let end = &raw const kernel_tests_end as usize;
    let count = (end - start as usize) / size_of::<KernelTest>();
    // SAFETY: the linker script puts the section's start and end here, and the section holds
    // nothing but descriptions that `ktest!` made.
    unsafe { core::slice::from_raw_parts(start, count) }
}

/// Declares in-kernel tests; see the module.
#[macro_export]
macro_rules! ktest {
    // What a test must panic with, if it must.
    (@expected) => { None };
    (@expected $text:literal) => { Some($text) };
    ($($(#[doc = $doc:expr])* $(#[should_panic($expected:literal)])? fn $name:ident() $body:block)*) => {
        $(
            $(#[doc = $doc])*
            fn $name() {
                #[used]
                #[unsafe(link_section = ".ktest")]
                static TEST: $crate::ktest::KernelTest = $crate::ktest::KernelTest {
                    name: concat!(module_path!(), "::", stringify!($name)),
                    file: file!(),
                    line: line!(),
                    run: $name,
                    should_panic: $crate::ktest!(@expected $($expected)?),
                };
                $body
            }
            const _: fn() = $name;
        )*
    };
}
