//! Tones: made, encoded, found again.

/// Samples of one packet: 20 ms at 8 kHz.
pub const FRAME: usize = 160;

/// The `frame`-th frame of a tone, in A-law. Give a multiple of 50 Hz: each frame then holds whole waves.
pub fn alaw_frame(hertz: u32, frame: usize) -> [u8; FRAME] {
    std::array::from_fn(|at| {
        let turn = ((frame * FRAME + at) as f64 * f64::from(hertz) / 8000.0).fract();
        to_alaw((f64::sin(turn * std::f64::consts::TAU) * 8000.0) as i16)
    })
}

/// Samples of an A-law payload.
pub fn samples(payload: &[u8]) -> Vec<i16> {
    payload.iter().map(|&code| from_alaw(code)).collect()
}

/// How much of the energy of `samples` a tone has: 1 for nothing but the tone, 0 for none of it (Goertzel).
pub fn share(samples: &[i16], hertz: u32) -> f64 {
    let energy: f64 = samples.iter().map(|&it| f64::from(it).powi(2)).sum();
    if energy == 0.0 {
        return 0.0;
    }
    let omega = std::f64::consts::TAU * f64::from(hertz) / 8000.0;
    let coefficient = 2.0 * omega.cos();
    let (mut last, mut before) = (0.0, 0.0);
    for &sample in samples {
        (last, before) = (f64::from(sample) + coefficient * last - before, last);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power / (samples.len() as f64 * energy)
}

/// The root of the mean square: 0 for silence, about 5,600 for the tones of [`alaw_frame`].
pub fn loudness(samples: &[i16]) -> f64 {
    let energy: f64 = samples.iter().map(|&it| f64::from(it).powi(2)).sum();
    (energy / samples.len().max(1) as f64).sqrt()
}

/// ITU-T G.711 table 1.
fn to_alaw(sample: i16) -> u8 {
    let (sign, size) = if sample >= 0 { (0x80_u8, sample >> 3) } else { (0, !sample >> 3) };
    let top = 16 - size.leading_zeros();
    let code =
        if top <= 5 { size >> 1 } else { ((top as i16 - 5) << 4) | ((size >> (top - 5)) & 0x0f) };
    (sign | code as u8) ^ 0x55
}

fn from_alaw(code: u8) -> i16 {
    let code = code ^ 0x55;
    let step = i16::from(code & 0x0f) << 4;
    let size = match (code >> 4) & 7 {
        0 => step + 8,
        segment => (step + 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_told_from_another_and_from_silence() {
        let tone: Vec<i16> = (0..10).flat_map(|frame| samples(&alaw_frame(700, frame))).collect();
        assert!(share(&tone, 700) > 0.98, "{}", share(&tone, 700));
        assert!(share(&tone, 400) < 0.01 && share(&tone, 1000) < 0.01);
        assert!(loudness(&tone) > 5_000.0);
        let silence = samples(&[0xd5; 800]);
        assert!(loudness(&silence) < 20.0 && share(&silence, 700) < 0.01);
    }
}
