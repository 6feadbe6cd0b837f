//! What becomes of one call.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What becomes of one call, to the end. All spans count from the INVITE unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// In a word, for the log.
    pub kind: Kind,
    /// When it begins to ring; `None`: it never does.
    pub rings: Option<Rings>,
    /// How it is settled; `None`: it is left to the caller to give up.
    pub settled: Option<(Duration, Settled)>,
}

/// The kinds of fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person answers.
    Person,
    /// A person answers who is not the one that is looked for, says so and hangs up.
    WrongNumber,
    /// A machine answers after four rings, greets, and beeps.
    Machine,
    /// 486, cause 17.
    Busy,
    /// 603, cause 21.
    Declined,
    /// 404, cause 1.
    Unallocated,
    /// 503, cause 34.
    Congestion,
    /// 500, cause 41.
    Fault,
    /// 100 and nothing more.
    Stuck,
    /// It rings and rings.
    NoAnswer,
    /// Every line is taken: 503, cause 42.
    Full,
}

/// How it rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rings {
    /// When.
    pub after: Duration,
    /// 183 with a description and a tone, in place of 180.
    pub early_media: bool,
}

/// How a call is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// A final response that is no 200, and the cause of ITU-T Q.850 in its Reason header (RFC 3326).
    Refused(u16, u8),
    /// 200.
    Answered(Callee),
}

/// What the one who answered does. All spans count from the answer unless they say otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// Hangs up then; `None`: waits for the far end to, for [`LONGEST`] at most.
    pub stays: Option<Duration>,
    /// Hangs up where no agent is heard by then.
    pub patience: Option<Duration>,
    /// Hangs up so long after the agent was first heard.
    pub after_voice: Option<Duration>,
    /// Presses a key then.
    pub presses: Option<(Duration, Key)>,
    /// Tones in hertz (multiples of 50), or silence, each for its span; then the last for good.
    pub says: Vec<(Duration, Option<u32>)>,
}

/// A key of a telephone: 0 to 9, 10 for `*`, 11 for `#` (RFC 4733 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key(pub u8);

/// What a person says, in hertz.
pub const PERSON: u32 = 450;
/// What a machine greets with.
pub const MACHINE: u32 = 550;
/// Its beep.
pub const BEEP: u32 = 1_400;
/// What early media sounds like: ringing.
pub const RINGING: u32 = 400;
/// How long a callee waits for the far end to hang up.
pub const LONGEST: Duration = Duration::from_secs(3_600);

impl Kind {
    /// Every kind that can be asked for.
    pub const ALL: [Self; 10] = [
        Self::Person,
        Self::WrongNumber,
        Self::Machine,
        Self::Busy,
        Self::Declined,
        Self::Unallocated,
        Self::Congestion,
        Self::Fault,
        Self::Stuck,
        Self::NoAnswer,
    ];

    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::WrongNumber => "wrong_number",
            Self::Machine => "machine",
            Self::Busy => "busy",
            Self::Declined => "declined",
            Self::Unallocated => "unallocated",
            Self::Congestion => "congestion",
            Self::Fault => "fault",
            Self::Stuck => "stuck",
            Self::NoAnswer => "no_answer",
            Self::Full => "full",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.word() == word)
    }

    /// The status and the cause of a kind that is refused.
    pub const fn refusal(self) -> Option<(u16, u8)> {
        match self {
            Self::Busy => Some((486, 17)),
            Self::Declined => Some((603, 21)),
            Self::Unallocated => Some((404, 1)),
            Self::Congestion => Some((503, 34)),
            Self::Fault => Some((500, 41)),
            Self::Full => Some((503, 42)),
            Self::Person | Self::WrongNumber | Self::Machine | Self::Stuck | Self::NoAnswer => None,
        }
    }
}

impl Fate {
    /// A person answers, talks in a tone, and waits for the far end to hang up.
    pub fn answers(after: Duration) -> Self {
        let callee = Callee {
            stays: None,
            patience: None,
            after_voice: None,
            presses: None,
            says: vec![(Duration::ZERO, Some(PERSON))],
        };
        Self {
            kind: Kind::Person,
            rings: Some(Rings { after: after / 2, early_media: false }),
            settled: Some((after, Settled::Answered(callee))),
        }
    }

    /// It rings until the far end gives up.
    pub fn rings() -> Self {
        let rings = Rings { after: Duration::ZERO, early_media: false };
        Self { kind: Kind::NoAnswer, rings: Some(rings), settled: None }
    }

    /// 100, and nothing more.
    pub fn stuck() -> Self {
        Self { kind: Kind::Stuck, rings: None, settled: None }
    }

    /// It is refused as its kind is; a kind that is not refused rings for good.
    pub fn refused(kind: Kind, after: Duration) -> Self {
        match kind.refusal() {
            Some((status, cause)) => {
                Self { kind, rings: None, settled: Some((after, Settled::Refused(status, cause))) }
            }
            None => Self::rings(),
        }
    }

    /// The same, with another callee.
    pub fn with(mut self, change: impl FnOnce(&mut Callee)) -> Self {
        if let Some((_, Settled::Answered(callee))) = &mut self.settled {
            change(callee);
        }
        self
    }

    /// The same, with 183 in place of 180.
    pub fn with_early_media(mut self) -> Self {
        if let Some(rings) = &mut self.rings {
            rings.early_media = true;
        }
        self
    }

    /// The same in slow or fast motion.
    pub fn scaled(mut self, by: f64) -> Self {
        let scale = |span: &mut Duration| *span = span.mul_f64(by);
        if let Some(rings) = &mut self.rings {
            scale(&mut rings.after);
        }
        if let Some((after, settled)) = &mut self.settled {
            scale(after);
            if let Settled::Answered(callee) = settled {
                let spans = [&mut callee.stays, &mut callee.patience, &mut callee.after_voice];
                spans.into_iter().flatten().for_each(scale);
                callee.presses.iter_mut().for_each(|(after, _)| scale(after));
                callee.says.iter_mut().for_each(|(span, _)| scale(span));
            }
        }
        self
    }
}
