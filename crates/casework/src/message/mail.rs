//! A message as a mail, in the language of the floor.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use timbre_model::{Civil, FloorSpec, Language, Slug};

use super::{CallBack, Message, Recipient};

/// A mail to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageMail {
    /// To which address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
}

/// The words of a mail.
struct Words {
    subject: &'static str,
    recipient: &'static str,
    from: &'static str,
    nobody: &'static str,
    number: &'static str,
    taken: &'static str,
    department: &'static str,
    purpose: &'static str,
    we_call: &'static str,
    they_call: &'static str,
    some_time: &'static str,
}

const ES: Words = Words {
    subject: "Recado",
    recipient: "Para",
    from: "De",
    nobody: "no quiso dar su nombre",
    number: "Teléfono",
    taken: "Recibido",
    department: "Departamento",
    purpose: "Asunto",
    we_call: "Espera que le llamemos",
    they_call: "Volverá a llamar",
    some_time: "sin hora fijada",
};

const EN: Words = Words {
    subject: "Message",
    recipient: "For",
    from: "From",
    nobody: "would not give a name",
    number: "Telephone",
    taken: "Taken",
    department: "Department",
    purpose: "About",
    we_call: "Expects us to call",
    they_call: "Will call again",
    some_time: "no time was named",
};

/// The mail that brings a message to a recipient who has an address: named as such, or a department's.
pub fn mail(it: &Message, floor: &FloorSpec) -> Option<MessageMail> {
    let department = |id: &Slug| floor.casework.departments.iter().find(|it| it.id == *id);
    let (to, recipient) = match &it.recipient {
        Recipient::Mail(address) => (address.clone(), address.clone()),
        Recipient::Department(id) => {
            let department = department(id)?;
            (department.mail.clone()?, department.name.clone())
        }
        Recipient::Agent(_) => return None,
    };
    let words = match language(it, floor) {
        Language::Es => &ES,
        Language::En => &EN,
    };
    let clock = |at| local(at, floor);
    let from = it.from.as_deref().unwrap_or(words.nobody);
    let about = if it.purpose.is_empty() { cut(&it.text) } else { it.purpose.clone() };
    let concerned = it.department.as_ref().and_then(department).map(|it| it.name.clone());
    let call_back = |what: &'static str, at: Option<Civil>| {
        Some((what, at.map_or_else(|| words.some_time.to_owned(), clock)))
    };
    let lines = [
        Some((words.recipient, recipient)),
        Some((words.from, from.to_owned())),
        it.number.as_ref().map(|it| (words.number, it.expose().to_owned())),
        Some((words.taken, clock(it.taken_at))),
        concerned.map(|it| (words.department, it)),
        Some((words.purpose, about.clone())),
        match it.call_back {
            CallBack::None => None,
            CallBack::WeCall(at) => call_back(words.we_call, at),
            CallBack::TheyCall(at) => call_back(words.they_call, at),
        },
    ];
    let head = lines.into_iter().flatten().map(|(word, what)| format!("{word}: {what}\n"));
    let text = format!("{}\n{}\n", head.collect::<String>(), it.text);
    Some(MessageMail { to, subject: format!("{}: {about} ({from})", words.subject), text })
}

/// The language in which the client company's calls are answered.
fn language(it: &Message, floor: &FloorSpec) -> Language {
    let queue = floor.queues.iter().find(|queue| queue.client == it.client);
    queue.or(floor.queues.first()).map(|it| it.announcements.language).unwrap_or_default()
}

/// A moment by the clocks of the floor.
fn local(at: Civil, floor: &FloorSpec) -> String {
    let zone = floor.casework.zone.as_deref().and_then(|it| TimeZone::get(it).ok());
    let Ok(at) = Timestamp::from_microsecond(at.as_micros()) else { return String::new() };
    let at = at.to_zoned(zone.unwrap_or(TimeZone::UTC));
    at.strftime("%Y-%m-%d %H:%M %:z").to_string()
}

/// The beginning of a text, in one line.
pub(super) fn cut(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.lines().map(str::trim).find(|it| !it.is_empty()).unwrap_or_default();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
