//! Pictures in files: PNG, the format QEMU takes screenshots in and every viewer shows.

use std::collections::HashMap;
use std::path::Path;

use png::{BitDepth, ColorType, Compression, Decoder, Encoder, Filter, Transformations};

use super::{Colour, Picture};
use crate::{Error, Result};

/// A palette has at most so many colours.
const PALETTE_LIMIT: usize = 256;

impl Picture {
    /// Reads the PNG file at `path`.
    ///
    /// # Errors
    /// When it cannot be read or is no such picture.
    pub fn open(path: &Path) -> Result<Self> {
        let doing = || format!("read the picture {}", path.display());
        let bytes = std::fs::read(path).map_err(Error::io(doing()))?;
        Self::decode(&bytes).map_err(|reason| broken(doing(), reason))
    }

    /// Writes it to `path` as PNG, as small as it gets.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self, path: &Path) -> Result<()> {
        let doing = || format!("write the picture {}", path.display());
        let bytes = self.encode().map_err(|reason| broken(doing(), reason))?;
        std::fs::write(path, bytes).map_err(Error::io(doing()))
    }

    /// The picture that PNG's `bytes` describe; what is transparent counts as opaque, since
    /// QEMU's screenshots have an unused fourth byte.
    fn decode(bytes: &[u8]) -> std::result::Result<Self, String> {
        let mut decoder = Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(Transformations::EXPAND | Transformations::STRIP_16);
        let mut reader = decoder.read_info().map_err(|error| error.to_string())?;
        let length = reader.output_buffer_size().ok_or("it is too large")?;
        let mut samples = vec![0; length];
        let frame = reader
            .next_frame(&mut samples)
            .map_err(|error| error.to_string())?;
        let per_pixel = frame.color_type.samples();
        let pixels = samples[..frame.buffer_size()]
            .chunks_exact(per_pixel)
            .map(|pixel| match *pixel {
                [red, green, blue, ..] => Colour(red, green, blue),
                [grey, ..] => Colour(grey, grey, grey),
                [] => Colour::BLACK,
            })
            .collect();
        Ok(Self {
            width: frame.width,
            height: frame.height,
            pixels,
        })
    }

    /// It as PNG: with a palette where it has few colours, which makes a screen of text tiny.
    fn encode(&self) -> std::result::Result<Vec<u8>, String> {
        let mut bytes = Vec::new();
        let mut encoder = Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::High);
        // Screens are text and even surfaces, whose bytes repeat best as they are.
        encoder.set_filter(Filter::NoFilter);
        let flat = |colours: &[Colour]| -> Vec<u8> {
            let channels = colours.iter().flat_map(|&Colour(r, g, b)| [r, g, b]);
            channels.collect()
        };
        let samples = match self.palette() {
            Some((colours, indices)) => {
                encoder.set_color(ColorType::Indexed);
                encoder.set_palette(flat(&colours));
                indices
            }
            None => {
                encoder.set_color(ColorType::Rgb);
                flat(&self.pixels)
            }
        };
        let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
        writer
            .write_image_data(&samples)
            .map_err(|error| error.to_string())?;
        writer.finish().map_err(|error| error.to_string())?;
        Ok(bytes)
    }

    /// Its colours and for each pixel the number of its colour, where there are few enough.
    fn palette(&self) -> Option<(Vec<Colour>, Vec<u8>)> {
        let mut numbers = HashMap::new();
        let mut colours = Vec::new();
        let mut indices = Vec::with_capacity(self.pixels.len());
        for &pixel in &self.pixels {
            let number = *numbers.entry(pixel).or_insert_with(|| {
                colours.push(pixel);
                colours.len() - 1
            });
            if number >= PALETTE_LIMIT {
                return None;
            }
            indices.push(u8::try_from(number).ok()?);
        }
        Some((colours, indices))
    }
}

fn broken(doing: String, reason: String) -> Error {
    Error::io(doing)(std::io::Error::new(std::io::ErrorKind::InvalidData, reason))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TemporaryFile;

    #[test]
    fn files_give_back_what_was_saved() {
        let file = TemporaryFile::new("picture.png");
        let few = Picture::filled(5, 4, Colour(1, 2, 3));
        let mut many = Picture::filled(30, 20, Colour::WHITE);
        for place in 0..600u32 {
            let colour = Colour((place % 256) as u8, (place / 256) as u8, 7);
            many.put(&Picture::filled(1, 1, colour), place % 30, place / 30);
        }
        for picture in [few, many] {
            picture.save(file.path()).expect("written");
            assert_eq!(Picture::open(file.path()).expect("read"), picture);
        }
    }

    #[test]
    fn what_is_no_picture_is_named() {
        let file = TemporaryFile::new("none.png");
        std::fs::write(file.path(), "text").expect("written");
        let error = Picture::open(file.path()).expect_err("no PNG").to_string();
        assert!(error.contains("none.png"), "{error}");
    }
}
