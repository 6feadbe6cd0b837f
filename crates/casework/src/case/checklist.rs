//! The steps of taking a complaint, and which of them were done.

use serde_json::json;

use super::turn::{Turn, only_open};
use crate::{Act, Case, Refusal, Step, StepDone, Work};

/// A step, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepText {
    /// Which.
    pub step: Step,
    /// Its name in English and in Spanish.
    pub name: [&'static str; 2],
    /// What to do, in English and in Spanish.
    pub hint: [&'static str; 2],
}

/// The steps in their order.
pub fn checklist() -> &'static [StepText] {
    const STEPS: &[StepText] = &[
        StepText {
            step: Step::Greet,
            name: ["Greet", "Saludar"],
            hint: ["Say your name and ask theirs.", "Di tu nombre y pregunta el suyo."],
        },
        StepText {
            step: Step::Listen,
            name: ["Listen", "Escuchar"],
            hint: ["Let them finish. Take notes.", "Deja que termine. Toma notas."],
        },
        StepText {
            step: Step::Empathise,
            name: ["Empathise", "Empatizar"],
            hint: [
                "Say that you understand how it is for them.",
                "Dile que entiendes cómo se siente.",
            ],
        },
        StepText {
            step: Step::Apologise,
            name: ["Apologise", "Pedir disculpas"],
            hint: [
                "Apologise for the trouble, without blaming anybody.",
                "Pide disculpas por las molestias, sin culpar a nadie.",
            ],
        },
        StepText {
            step: Step::Ask,
            name: ["Ask", "Preguntar"],
            hint: [
                "Ask what happened, when, and what they would like.",
                "Pregunta qué pasó, cuándo, y qué solución desea.",
            ],
        },
        StepText {
            step: Step::Verify,
            name: ["Verify", "Verificar"],
            hint: [
                "Repeat it in your words and ask whether it is right.",
                "Repítelo con tus palabras y pregunta si es correcto.",
            ],
        },
        StepText {
            step: Step::Inform,
            name: ["Obtain information", "Obtener información"],
            hint: [
                "Look up what is missing before you promise anything.",
                "Busca lo que falta antes de prometer nada.",
            ],
        },
        StepText {
            step: Step::Propose,
            name: ["Propose alternatives", "Proponer alternativas"],
            hint: ["Offer more than one solution.", "Ofrece más de una solución."],
        },
        StepText {
            step: Step::Agree,
            name: ["Agree", "Acordar"],
            hint: [
                "Settle who does what by when. Give the key.",
                "Acuerda quién hace qué y cuándo. Da la clave.",
            ],
        },
        StepText {
            step: Step::FollowUp,
            name: ["Follow up", "Hacer seguimiento"],
            hint: ["Say when they will hear from us.", "Di cuándo tendrá noticias nuestras."],
        },
        StepText {
            step: Step::Close,
            name: ["Close", "Cerrar"],
            hint: ["Thank them and say goodbye.", "Da las gracias y despídete."],
        },
    ];
    STEPS
}

/// Writes down which steps were done.
pub fn steps(case: &Case, done: &[StepDone], act: &Act) -> Result<Work, Refusal> {
    only_open(case, "guided")?;
    let mut turn = Turn::of(case, act);
    record(&mut turn.case, done);
    let words: Vec<_> = turn.case.checklist.iter().map(|it| it.step.as_str()).collect();
    turn.did("guided", words.join(", "), json!({ "steps": words }));
    Ok(turn.done())
}

/// Each step counts once, as it was done first.
pub(super) fn record(case: &mut Case, done: &[StepDone]) {
    for it in done {
        if case.checklist.iter().all(|known| known.step != it.step) {
            case.checklist.push(*it);
        }
    }
}
