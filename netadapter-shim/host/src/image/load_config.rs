//! The security cookie of an image, which the loader initialises.

use object::LittleEndian as LE;
use object::pe;

use super::error::ImageError;

/// What compilers put into a cookie that nobody has initialised (`DEFAULT_SECURITY_COOKIE` of the
/// C runtime for 64-bit images).
const DEFAULT_COOKIE: u64 = 0x0000_2B99_2DDF_A232;
/// The upper 16 bits of a cookie stay zero, so that strings cannot overrun it unnoticed.
const COOKIE_MASK: u64 = (1 << 48) - 1;

/// Gives the image's cookie a value, unless it has one already. `base` is where the image lies, and
/// `random` where the value comes from.
///
/// The kernel's loader does this for every driver with a load configuration; the entry point that
/// the linker adds for `/GS` fails fast if it finds the compiler's value.
pub(super) fn initialise_cookie(
    image: &mut [u8],
    directory: (u32, u32),
    base: u64,
    random: u64,
) -> Result<(), ImageError> {
    let Some(rva) = cookie_rva(image, directory, base)? else {
        return Ok(());
    };
    let cookie = image
        .get_mut(rva as usize..)
        .and_then(|rest| rest.first_chunk_mut::<8>())
        .ok_or_else(|| ImageError::Malformed("its security cookie lies outside it".into()))?;
    if u64::from_le_bytes(*cookie) == DEFAULT_COOKIE {
        *cookie = value(random).to_le_bytes();
    }
    Ok(())
}

fn value(random: u64) -> u64 {
    match random & COOKIE_MASK {
        0 | DEFAULT_COOKIE => DEFAULT_COOKIE + 1,
        value => value,
    }
}

/// Where the cookie lies, if the configuration has that field and it is set.
fn cookie_rva(image: &[u8], (rva, _): (u32, u32), base: u64) -> Result<Option<u64>, ImageError> {
    // The structure's own size counts; linkers have written other values into the directory.
    type Config = pe::ImageLoadConfigDirectory64;
    let end = std::mem::offset_of!(Config, security_cookie) + size_of::<u64>();
    let size = image
        .get(rva as usize..)
        .and_then(|rest| object::pod::from_bytes::<object::U32<LE>>(rest).ok())
        .map(|(size, _)| size.get(LE) as usize)
        .ok_or_else(|| ImageError::Malformed("its load configuration lies outside it".into()))?;
    if size < end {
        return Ok(None);
    }
    let field = rva as usize + end - size_of::<u64>();
    let address = image
        .get(field..)
        .and_then(|rest| rest.first_chunk())
        .map(|bytes| u64::from_le_bytes(*bytes))
        .ok_or_else(|| {
            ImageError::Malformed("its load configuration reaches behind its end".into())
        })?;
    Ok((address != 0).then(|| address.wrapping_sub(base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: u64 = 0x1_8000_0000;
    const CONFIG: usize = 0x40;
    const COOKIE: usize = 0x200;

    /// An image of 1 KiB with a load configuration of `size` bytes and a cookie.
    fn image(size: u32, cookie: u64) -> Vec<u8> {
        let mut image = vec![0; 1024];
        image[CONFIG..][..4].copy_from_slice(&size.to_le_bytes());
        image[CONFIG + 88..][..8].copy_from_slice(&(BASE + COOKIE as u64).to_le_bytes());
        image[COOKIE..][..8].copy_from_slice(&cookie.to_le_bytes());
        image
    }

    fn cookie_after(size: u32, before: u64, random: u64) -> u64 {
        let mut image = image(size, before);
        initialise_cookie(&mut image, (CONFIG as u32, size), BASE, random).unwrap();
        u64::from_le_bytes(*image[COOKIE..].first_chunk().unwrap())
    }

    #[test]
    fn a_cookie_that_nobody_has_initialised_gets_a_value_of_48_bits() {
        let value = cookie_after(320, DEFAULT_COOKIE, u64::MAX);
        assert_eq!(value, COOKIE_MASK);
        for unlucky in [0, DEFAULT_COOKIE, 1 << 48] {
            let value = cookie_after(320, DEFAULT_COOKIE, unlucky);
            assert!(value != 0 && value != DEFAULT_COOKIE);
        }
    }

    #[test]
    fn a_cookie_with_a_value_and_a_configuration_without_cookie_are_left_alone() {
        assert_eq!(cookie_after(320, 77, u64::MAX), 77);
        assert_eq!(cookie_after(88, DEFAULT_COOKIE, 1), DEFAULT_COOKIE);
    }

    #[test]
    fn a_cookie_outside_the_image_is_refused() {
        let mut outside = image(320, DEFAULT_COOKIE);
        outside[CONFIG + 88..][..8].copy_from_slice(&(BASE + 1020).to_le_bytes());
        let error = initialise_cookie(&mut outside, (CONFIG as u32, 320), BASE, 1).unwrap_err();
        assert!(error.to_string().contains("security cookie"), "{error}");
        let error = initialise_cookie(&mut outside, (1024, 320), BASE, 1).unwrap_err();
        assert!(error.to_string().contains("load configuration"), "{error}");
    }
}
