//! G.711: linear samples to A-law and µ-law, and from one law to the other.
//!
//! Our own forty lines: of the maintained crates, the one that has G.711 without a full codec
//! stack encodes A-law's first negative interval as positive, so that its codes do not survive a
//! round trip.

use super::Codec;

/// Encodes 16-bit samples.
pub(crate) fn encode(codec: Codec, samples: &[i16]) -> Vec<u8> {
    let law: fn(i16) -> u8 = match codec {
        Codec::Pcma => to_alaw,
        Codec::Pcmu => to_ulaw,
    };
    samples.iter().map(|sample| law(*sample)).collect()
}

/// Rewrites a payload where it lies, one table look-up a byte.
pub(crate) fn transcode(from: Codec, to: Codec, payload: &mut [u8]) {
    let table = match (from, to) {
        (Codec::Pcma, Codec::Pcmu) => &ALAW_TO_ULAW,
        (Codec::Pcmu, Codec::Pcma) => &ULAW_TO_ALAW,
        (Codec::Pcma, Codec::Pcma) | (Codec::Pcmu, Codec::Pcmu) => return,
    };
    for byte in payload {
        *byte = table[usize::from(*byte)];
    }
}

static ALAW_TO_ULAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = to_ulaw(from_alaw(code as u8));
        code += 1;
    }
    table
};

static ULAW_TO_ALAW: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = to_alaw(from_ulaw(code as u8));
        code += 1;
    }
    table
};

/// ITU-T G.711 table 1: 13 bits of the sample, seven segments, even bits inverted.
const fn to_alaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0x80, sample >> 3) } else { (0, !sample >> 3) };
    let top = 16 - magnitude.leading_zeros() as u8;
    let code = match top {
        0..=5 => (magnitude >> 1) as u8,
        _ => (top - 5) << 4 | (magnitude >> (top - 5)) as u8 & 0x0f,
    };
    (sign | code) ^ 0x55
}

const fn from_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let step = ((code & 0x0f) as i16) << 4;
    let magnitude = match (code >> 4) & 7 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711 table 2: 14 bits of the sample, a bias of 33, eight segments, all bits inverted.
const fn to_ulaw(sample: i16) -> u8 {
    let (sign, magnitude) = if sample >= 0 { (0, sample >> 2) } else { (0x80, !sample >> 2) };
    let biased = if magnitude > 8158 { 8191 } else { magnitude + 33 };
    let segment = 10 - biased.leading_zeros() as u8;
    !(sign | segment << 4 | (biased >> (segment + 1)) as u8 & 0x0f)
}

const fn from_ulaw(code: u8) -> i16 {
    let code = !code;
    let biased = (((code & 0x0f) as i16) << 3) + 0x84;
    let magnitude = (biased << ((code >> 4) & 7)) - 0x84;
    if code & 0x80 == 0 { magnitude } else { -magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        // ITU-T G.711 tables 1 and 2, at the ends and at the segments' borders.
        let alaw = [
            (0, 0xd5),
            (-1, 0x55),
            (8, 0xd5),
            (16, 0xd4),
            (504, 0xca),
            (512, 0xf5),
            (1024, 0xe5),
            (32_767, 0xaa),
            (-32_768, 0x2a),
        ];
        for (sample, code) in alaw {
            assert_eq!(to_alaw(sample), code, "A-law of {sample}");
        }
        let ulaw = [
            (0, 0xff),
            (-1, 0x7f),
            (4, 0xfe),
            (124, 0xef),
            (1000, 0xce),
            (32_767, 0x80),
            (-32_768, 0),
        ];
        for (sample, code) in ulaw {
            assert_eq!(to_ulaw(sample), code, "µ-law of {sample}");
        }
        assert_eq!([from_alaw(0xd5), from_alaw(0x2a), from_alaw(0xaa)], [8, -32_256, 32_256]);
        assert_eq!([from_ulaw(0xff), from_ulaw(0x80), from_ulaw(0)], [0, 32_124, -32_124]);
    }

    #[test]
    fn codes_survive_a_round_trip() {
        for code in 0..=255_u8 {
            assert_eq!(to_alaw(from_alaw(code)), code);
            // µ-law has two zeros.
            let expected = if code == 0x7f { 0xff } else { code };
            assert_eq!(to_ulaw(from_ulaw(code)), expected);
        }
    }

    #[test]
    fn the_error_stays_within_half_a_step() {
        for sample in i16::MIN..=i16::MAX {
            let size = sample.unsigned_abs();
            let alaw = from_alaw(to_alaw(sample)).abs_diff(sample);
            assert!(alaw <= (size / 32).max(8), "A-law of {sample} is {alaw} off");
            let ulaw = from_ulaw(to_ulaw(sample)).abs_diff(sample);
            assert!(ulaw <= size.saturating_add(132) / 32, "µ-law of {sample} is {ulaw} off");
        }
    }
}
