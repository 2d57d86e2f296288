//! Ordinary programs that ask much of the kernel.

use qemu::Kind;
use scenarios::Image;

#[test]
fn a_program_with_32_threads_channels_timers_and_files() {
    let image = Image::built().with_program("threads");
    for kind in Kind::ALL {
        let output = image.run_on(kind, "/test/threads").succeeded();
        assert_eq!(
            output, "32 threads, 3200 messages, sum 5118400, 32 files\n",
            "on {kind}"
        );
    }
}
