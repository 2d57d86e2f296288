//! What cannot be brought about from outside in the time that a test has.

use std::sync::Arc;

use super::super::super::fake::gpu::FakeGpu;
use super::super::super::fake::memory::Machine;
use super::super::super::memory::MemorySource;
use super::super::super::panel::{Layout, Panel, PixelFormat, ScreenNumber, Size};
use super::super::VirtioGpu;
use super::{SPARE_ID, Vec};

const SIZE: Size = Size {
    width: 64,
    height: 64,
};
const LAYOUT: Layout = Layout {
    visible: SIZE,
    whole: SIZE,
    format: PixelFormat::Xrgb8888,
};

#[test]
fn numbers_of_pictures_begin_anew_and_none_in_use_is_given_again() {
    let machine = Machine::new();
    let (mut hardware, device) = FakeGpu::new(&machine, SIZE);
    let source = Arc::new(machine.clone());
    let panel = VirtioGpu::start(device, source, &mut || {
        hardware.run();
        true
    });
    let panel = panel.unwrap();
    let mut attach = |number| {
        let memory = machine.zeroed(LAYOUT.bytes()).unwrap();
        panel.attach(ScreenNumber(number), LAYOUT, &memory).unwrap();
        hardware.run();
        assert_eq!(panel.service(), None);
    };
    (1..4).for_each(&mut attach);
    // All the others were used meanwhile.
    panel.gpu.lock().next_id = SPARE_ID - 1;
    attach(4);
    // Given up, but the device still has it.
    panel.detach(ScreenNumber(2));
    (5..7).for_each(&mut attach);
    let gpu = panel.gpu.lock();
    let ids: Vec<_> = gpu.resources.values().map(|resource| resource.id).collect();
    assert_eq!(ids, [1, 3, SPARE_ID - 1, 4, 5].map(Some));
}
