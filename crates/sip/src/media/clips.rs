//! The recordings that far ends hear, made by `scripts/prompts` and embedded, encoded once.

use std::io;

use super::{Codec, Language, Question, g711};

/// Samples, and bytes of G.711, in one packet: 20 ms.
pub(crate) const FRAME: usize = 160;

/// A recording in both laws, padded to whole frames.
#[derive(Debug)]
pub(crate) struct Clip {
    alaw: Vec<u8>,
    ulaw: Vec<u8>,
}

/// Every recording, shared by all the legs.
#[derive(Debug)]
pub(crate) struct Clips {
    pub(crate) music: Clip,
    pub(crate) ringback: Clip,
    greeting_es: Clip,
    greeting_en: Clip,
    abandoned_es: Clip,
    abandoned_en: Clip,
    questions_es: [Clip; Question::COUNT],
    questions_en: [Clip; Question::COUNT],
    thanks_es: Clip,
    thanks_en: Clip,
}

impl Clips {
    pub(crate) fn load() -> io::Result<Self> {
        Ok(Self {
            music: Clip::read(include_bytes!("../../prompts/music.wav"))?,
            ringback: Clip::read(include_bytes!("../../prompts/ringback.wav"))?,
            greeting_es: Clip::read(include_bytes!("../../prompts/greeting-es.wav"))?,
            greeting_en: Clip::read(include_bytes!("../../prompts/greeting-en.wav"))?,
            abandoned_es: Clip::read(include_bytes!("../../prompts/abandoned-es.wav"))?,
            abandoned_en: Clip::read(include_bytes!("../../prompts/abandoned-en.wav"))?,
            questions_es: [
                Clip::read(include_bytes!("../../prompts/csat-es.wav"))?,
                Clip::read(include_bytes!("../../prompts/nps-es.wav"))?,
                Clip::read(include_bytes!("../../prompts/effort-es.wav"))?,
            ],
            questions_en: [
                Clip::read(include_bytes!("../../prompts/csat-en.wav"))?,
                Clip::read(include_bytes!("../../prompts/nps-en.wav"))?,
                Clip::read(include_bytes!("../../prompts/effort-en.wav"))?,
            ],
            thanks_es: Clip::read(include_bytes!("../../prompts/thanks-es.wav"))?,
            thanks_en: Clip::read(include_bytes!("../../prompts/thanks-en.wav"))?,
        })
    }

    pub(crate) fn greeting(&self, language: Language) -> &Clip {
        match language {
            Language::Es => &self.greeting_es,
            Language::En => &self.greeting_en,
        }
    }

    pub(crate) fn abandoned(&self, language: Language) -> &Clip {
        match language {
            Language::Es => &self.abandoned_es,
            Language::En => &self.abandoned_en,
        }
    }

    pub(crate) fn question(&self, question: Question, language: Language) -> &Clip {
        let all = match language {
            Language::Es => &self.questions_es,
            Language::En => &self.questions_en,
        };
        &all[question as usize]
    }

    pub(crate) fn thanks(&self, language: Language) -> &Clip {
        match language {
            Language::Es => &self.thanks_es,
            Language::En => &self.thanks_en,
        }
    }
}

impl Clip {
    fn read(wav: &[u8]) -> io::Result<Self> {
        let invalid = |error: hound::Error| io::Error::new(io::ErrorKind::InvalidData, error);
        let mut reader = hound::WavReader::new(wav).map_err(invalid)?;
        let spec = reader.spec();
        if (spec.sample_rate, spec.channels, spec.bits_per_sample) != (8000, 1, 16) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not 8 kHz mono of 16 bits"));
        }
        let samples: Result<Vec<i16>, _> = reader.samples().collect();
        let mut samples = samples.map_err(invalid)?;
        samples.resize(samples.len().next_multiple_of(FRAME).max(FRAME), 0);
        Ok(Self {
            alaw: g711::encode(Codec::Pcma, &samples),
            ulaw: g711::encode(Codec::Pcmu, &samples),
        })
    }

    /// Frames until the end.
    pub(crate) fn frames(&self) -> usize {
        self.alaw.len() / FRAME
    }

    /// One frame; those beyond the end wrap around.
    pub(crate) fn frame(&self, codec: Codec, index: usize) -> &[u8; FRAME] {
        let encoded = match codec {
            Codec::Pcma => &self.alaw,
            Codec::Pcmu => &self.ulaw,
        };
        let (frames, _) = encoded.as_chunks::<FRAME>();
        &frames[index % frames.len()]
    }
}

/// A frame of nothing.
pub(crate) fn silence(codec: Codec) -> &'static [u8; FRAME] {
    match codec {
        Codec::Pcma => &[0xd5; FRAME],
        Codec::Pcmu => &[0xff; FRAME],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recordings_are_there_and_neither_silent_nor_clipped() {
        let clips = Clips::load().unwrap();
        let seconds = [
            (&clips.music, 12.0),
            (&clips.ringback, 4.5),
            (clips.greeting(Language::Es), 6.0),
            (clips.greeting(Language::En), 6.0),
            (clips.abandoned(Language::Es), 11.4),
            (clips.abandoned(Language::En), 12.2),
            (clips.question(Question::Csat, Language::Es), 8.7),
            (clips.question(Question::Csat, Language::En), 8.2),
            (clips.question(Question::Nps, Language::Es), 9.0),
            (clips.question(Question::Nps, Language::En), 8.6),
            (clips.question(Question::Effort, Language::Es), 9.9),
            (clips.question(Question::Effort, Language::En), 9.7),
            (clips.thanks(Language::Es), 3.5),
            (clips.thanks(Language::En), 3.5),
        ];
        for (clip, expected) in seconds {
            let length = clip.frames() as f64 / 50.0;
            assert!((length - expected).abs() < 1.0, "{length} s");
            let loud = clip.alaw.iter().filter(|code| (**code ^ 0x55) & 0x70 >= 0x40).count();
            assert!(loud > clip.alaw.len() / 50, "silent");
            let clipped = clip.alaw.iter().filter(|code| (**code ^ 0x55) & 0x7f == 0x7f).count();
            assert_eq!(clipped, 0);
        }
    }

    #[test]
    fn frames_wrap_around() {
        let clips = Clips::load().unwrap();
        let frames = clips.music.frames();
        for codec in [Codec::Pcma, Codec::Pcmu] {
            assert_eq!(clips.music.frame(codec, frames + 3), clips.music.frame(codec, 3));
        }
        assert_ne!(clips.music.frame(Codec::Pcma, 3), clips.music.frame(Codec::Pcmu, 3));
    }
}
