//! The virtio driver against a device that a test plays.

use super::*;
use crate::virtio::fake::{FakeDevice, FakeQueues};
use abi::input::{KEY_A, LED_CAPSL, REL_X};

/// A keyboard with a wheel and one absolute axis.
fn device() -> (FakeDevice, FakeQueues) {
    let configuration = |written: &[(usize, Vec<u8>)], offset: usize, into: &mut [u8]| {
        let selected = written.last().map_or(&[][..], |(_, bytes)| bytes);
        let answer: Vec<u8> = match selected {
            [ID_NAME, 0] => b"Test Keyboard\0".to_vec(),
            [ID_SERIAL, 0] => b"serial-7".to_vec(),
            [ID_NUMBERS, 0] => vec![6, 0, 0x27, 6, 1, 0, 2, 0],
            [CODES, kind] if u16::from(*kind) == EV_KEY => vec![0xfe, 0xff, 0xff, 0xff],
            [CODES, kind] if u16::from(*kind) == EV_LED => vec![7],
            [CODES, kind] if u16::from(*kind) == EV_REP => vec![0],
            [CODES, kind] if u16::from(*kind) == EV_ABS => vec![1],
            [AXIS, 0] => [-5_i32, 32767, 1, 2, 3]
                .iter()
                .flat_map(|n| n.to_le_bytes())
                .collect(),
            _ => Vec::new(),
        };
        let mut space = [0; DATA + DATA_MAX];
        space[SIZE] = answer.len() as u8;
        space[DATA..DATA + answer.len()].copy_from_slice(&answer);
        into.copy_from_slice(&space[offset..offset + into.len()]);
    };
    FakeDevice::new(virtio::INPUT, 0, Box::new(configuration))
}

fn bytes(kind: u16, code: u16, value: i32) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend(code.to_le_bytes());
    bytes.extend(value.to_le_bytes());
    bytes
}

#[test]
fn identification_comes_from_the_configuration_space() {
    let (device, _) = device();
    let identity = VirtioInput::start(device, 3).unwrap().identity();
    assert_eq!(identity.name, "Test Keyboard");
    assert_eq!(identity.phys.as_deref(), Some("virtio3/input0"));
    assert_eq!(identity.uniq.as_deref(), Some("serial-7"));
    assert_eq!(
        (identity.id.bus, identity.id.vendor, identity.id.version),
        (6, 0x627, 2)
    );
    assert!(identity.is_keyboard() && identity.repeats && !identity.is_pointer());
    let axis = identity.axes[&0];
    assert_eq!(
        (
            axis.minimum,
            axis.maximum,
            axis.fuzz,
            axis.flat,
            axis.resolution
        ),
        (-5, 32767, 1, 2, 3)
    );
    let types: Vec<_> = identity.types.iter().collect();
    assert_eq!(types, [0, EV_KEY, EV_ABS, EV_LED, EV_REP]);
}

#[test]
fn a_burst_of_hundreds_fits_and_buffers_go_back() {
    let (device, queues) = device();
    let mut input = VirtioInput::start(device, 0).unwrap();
    for round in 0..3 {
        for index in 0..320 {
            let sent = queues.lock().unwrap()[0].answer(&bytes(EV_REL, REL_X, index));
            assert!(sent, "event {index} of round {round} found no buffer");
        }
        for index in 0..320 {
            assert_eq!(input.next_event(), Some(Event::new(EV_REL, REL_X, index)));
        }
        assert_eq!(input.next_event(), None);
    }
    assert!(queues.lock().unwrap()[0].notified > 1);
}

#[test]
fn a_device_that_ran_short_of_buffers_may_have_dropped_something() {
    let (device, queues) = device();
    let mut input = VirtioInput::start(device, 0).unwrap();
    for used in [341, 342, 343, 512] {
        for _ in 0..used {
            assert!(queues.lock().unwrap()[0].answer(&bytes(EV_REL, REL_X, 1)));
        }
        let events: Vec<_> = core::iter::from_fn(|| input.next_event()).collect();
        let was_short = events.last() == Some(&Event::LOST);
        assert_eq!(was_short, used > 342, "{used}");
        assert_eq!(input.next_event(), None);
    }
}

#[test]
fn a_short_answer_is_no_event() {
    let (device, queues) = device();
    let mut input = VirtioInput::start(device, 0).unwrap();
    queues.lock().unwrap()[0].answer(&[1, 0, 30]);
    queues.lock().unwrap()[0].answer(&bytes(EV_KEY, KEY_A, 1));
    assert_eq!(input.next_event(), Some(Event::key(KEY_A, 1)));
}

#[test]
fn a_light_is_one_event_on_the_status_queue() {
    let (device, queues) = device();
    let mut input = VirtioInput::start(device, 0).unwrap();
    input.set_led(LED_CAPSL, true);
    let sent: Vec<_> = queues.lock().unwrap()[1]
        .given
        .iter()
        .map(|(_, sent)| sent.clone())
        .collect();
    assert_eq!(sent, [bytes(EV_LED, LED_CAPSL, 1)]);
    // A device that never takes one does not make the driver wait.
    (0..200).for_each(|index| input.set_led(LED_CAPSL, index % 2 == 0));
}
