//! A Bochs display: registers and video memory, as QEMU's device understands them.

use std::sync::{Arc, Mutex};

use super::Picture;
use crate::display::bochs::{Registers, VideoMemory};
use crate::display::panel::Size;

/// The host's side.
#[derive(Clone)]
pub struct FakeBochs(Arc<Mutex<Inside>>);

struct Inside {
    registers: [u16; 16],
    memory: Vec<u8>,
    is_vga_on: bool,
    bytes_written: usize,
}

impl FakeBochs {
    /// A device with so much video memory.
    pub fn new(bytes: usize) -> Self {
        let mut registers = [0; 16];
        registers[0] = 0xb0c5;
        Self(Arc::new(Mutex::new(Inside {
            registers,
            memory: vec![0; bytes],
            is_vga_on: false,
            bytes_written: 0,
        })))
    }

    /// Not such a device.
    pub fn absent() -> Self {
        let device = Self::new(0);
        device.0.lock().unwrap().registers[0] = 0xffff;
        device
    }

    /// Bytes that were written to the video memory since this was last asked.
    pub fn bytes_written(&self) -> usize {
        std::mem::take(&mut self.0.lock().unwrap().bytes_written)
    }

    /// What the driver gets.
    pub fn parts(&self) -> (Box<dyn Registers>, Box<dyn VideoMemory>) {
        (Box::new(self.clone()), Box::new(self.clone()))
    }

    /// What an eye sees; None: dark.
    pub fn seen(&self) -> Option<Picture> {
        let inside = self.0.lock().unwrap();
        let [
            _,
            width,
            height,
            bits,
            enable,
            _,
            virtual_width,
            _,
            x,
            y,
            ..,
        ] = inside.registers.map(usize::from);
        if enable & 1 == 0 || !inside.is_vga_on {
            return None;
        }
        let bytes = bits / 8;
        let stride = virtual_width.max(width) * bytes;
        let first = y * stride + x * bytes;
        let size = Size {
            width: width as u32,
            height: height as u32,
        };
        assert!(first + height * stride <= inside.memory.len() + x * bytes);
        if bytes == 4 {
            return Some(Picture::of_bytes(size, &inside.memory[first..], stride));
        }
        let mut pixels = Vec::new();
        for row in inside.memory[first..].chunks(stride).take(height) {
            for pixel in row.chunks_exact(2).take(width) {
                let pixel = u16::from_le_bytes([pixel[0], pixel[1]]);
                let five = |bits: u16| (bits << 3 | bits >> 2) as u8;
                let green = pixel >> 5 & 0x3f;
                let green = (green << 2 | green >> 4) as u8;
                pixels.push([five(pixel & 0x1f), green, five(pixel >> 11)]);
            }
        }
        Some(Picture { size, pixels })
    }
}

impl Registers for FakeBochs {
    fn read(&mut self, index: u16) -> u16 {
        self.0.lock().unwrap().registers[usize::from(index)]
    }

    fn write(&mut self, index: u16, value: u16) {
        self.0.lock().unwrap().registers[usize::from(index)] = value;
    }

    fn enable_vga(&mut self, on: bool) {
        self.0.lock().unwrap().is_vga_on = on;
    }
}

impl VideoMemory for FakeBochs {
    fn length(&self) -> usize {
        self.0.lock().unwrap().memory.len()
    }

    fn write(&mut self, offset: usize, from: &[u8]) {
        let mut inside = self.0.lock().unwrap();
        inside.memory[offset..offset + from.len()].copy_from_slice(from);
        inside.bytes_written += from.len();
    }
}
