//! Which column of a table says what: by its heading, or as the user maps it.

use std::collections::BTreeMap;

use super::words::plain;
use super::{Fault, Import, RawConsent, RawLead, RawNumber, consent};

/// What a column says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// A number, and what it is.
    Number {
        /// `mobile`, `work`, …; empty: not known.
        label: String,
    },
    /// A name or a part of one; parts are joined in the order of their columns.
    Name,
    /// The operator's own key of the person.
    Key,
    /// Whether they decide.
    Role,
    /// Consumer or business.
    Party,
    /// The ground of the call.
    Consent,
    /// Since when the ground holds.
    ConsentDate,
    /// Hints for the agent, parted by `,`, `;` or `|`.
    Tags,
    /// The postcode.
    Postcode,
    /// ISO 3166-2 without the country.
    Region,
    /// IANA time zone.
    Zone,
    /// Anything else, under this name.
    Attribute(String),
    /// Not to be taken.
    Ignored,
}

/// The fields that `--map` knows beside `number` and `number.LABEL`.
const FIELDS: [(&str, Column); 11] = [
    ("name", Column::Name),
    ("key", Column::Key),
    ("role", Column::Role),
    ("party", Column::Party),
    ("consent", Column::Consent),
    ("consent_date", Column::ConsentDate),
    ("tags", Column::Tags),
    ("postcode", Column::Postcode),
    ("region", Column::Region),
    ("zone", Column::Zone),
    ("ignore", Column::Ignored),
];

/// Words that make a heading a number's, and the label that they give.
const NUMBER_WORDS: [(&str, &str); 20] = [
    ("telefono", ""),
    ("telefonos", ""),
    ("tel", ""),
    ("telf", ""),
    ("tlf", ""),
    ("tfno", ""),
    ("phone", ""),
    ("telephone", ""),
    ("msisdn", ""),
    ("numero_telefono", ""),
    ("phone_number", ""),
    ("number", ""),
    ("movil", "mobile"),
    ("mobile", "mobile"),
    ("celular", "mobile"),
    ("cell", "mobile"),
    ("whatsapp", "mobile"),
    ("fijo", "home"),
    ("landline", "home"),
    ("telemovel", "mobile"),
];

/// Words that tell which of several numbers it is.
const LABEL_WORDS: [(&str, &str); 8] = [
    ("trabajo", "work"),
    ("oficina", "work"),
    ("work", "work"),
    ("office", "work"),
    ("casa", "home"),
    ("home", "home"),
    ("particular", "home"),
    ("otro", "other"),
];

/// Headings of everything else.
const HEADINGS: [(&str, &[&str]); 10] = [
    (
        "name",
        &[
            "nombre",
            "name",
            "nombre_completo",
            "full_name",
            "nombre_y_apellidos",
            "first_name",
            "last_name",
            "surname",
            "apellidos",
            "apellido",
            "apellido1",
            "apellido2",
            "primer_apellido",
            "segundo_apellido",
            "contacto",
            "contact",
            "razon_social",
            "titular",
        ],
    ),
    (
        "key",
        &[
            "id",
            "id_cliente",
            "cliente_id",
            "customer_id",
            "client_id",
            "person_id",
            "key",
            "clave",
            "external_id",
            "id_externo",
            "referencia",
            "ref",
            "crm_id",
            "dni",
            "nif",
            "nie",
            "cif",
            "rfc",
            "rut",
            "curp",
            "n_o_cliente",
            "numero_cliente",
        ],
    ),
    ("role", &["rol", "role", "decisor", "decision_maker"]),
    ("party", &["party", "tipo_cliente", "tipo_de_cliente", "customer_type", "b2b"]),
    (
        "consent",
        &[
            "consentimiento",
            "consent",
            "consent_basis",
            "base_legal",
            "base_juridica",
            "legal_basis",
            "base_consentimiento",
        ],
    ),
    (
        "consent_date",
        &[
            "fecha_consentimiento",
            "fecha_de_consentimiento",
            "fecha_del_consentimiento",
            "consent_date",
            "consent_at",
            "fecha_base_legal",
        ],
    ),
    ("tags", &["etiquetas", "etiqueta", "tags", "tag"]),
    (
        "postcode",
        &[
            "cp",
            "codigo_postal",
            "cod_postal",
            "c_p",
            "postcode",
            "postal_code",
            "zip",
            "zip_code",
            "cep",
        ],
    ),
    ("region", &["region_iso", "region_code", "iso_region", "uf", "state"]),
    ("zone", &["timezone", "time_zone", "tz", "zona_horaria", "huso_horario", "zona"]),
];

/// What every column of a table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    headings: Vec<String>,
    columns: Vec<Column>,
}

/// The user's own mapping: a field, and the heading it is taken from.
pub type Mapping = Vec<(String, String)>;

/// Reads `number=telefono,number.work=oficina,name=nombre`.
pub fn mapping(text: &str) -> Result<Mapping, String> {
    let pairs = text.split(',').map(str::trim).filter(|it| !it.is_empty());
    pairs.map(pair).collect()
}

fn pair(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("{text:?}: write FIELD=HEADING, such as number=telefono");
    let (field, heading) = text.split_once('=').ok_or_else(wrong)?;
    let (field, heading) = (field.trim(), heading.trim());
    if of_field(field).is_none() {
        let known = FIELDS.map(|(word, _)| word).join(", ");
        return Err(format!("{field:?} is no field: use number, number.LABEL, {known}"));
    }
    if heading.is_empty() { Err(wrong()) } else { Ok((field.to_owned(), heading.to_owned())) }
}

fn of_field(field: &str) -> Option<Column> {
    if field == "number" {
        return Some(Column::Number { label: String::new() });
    }
    if let Some(label) = field.strip_prefix("number.") {
        return Some(Column::Number { label: label.to_owned() });
    }
    FIELDS.iter().find(|(word, _)| *word == field).map(|(_, column)| column.clone())
}

impl Columns {
    /// Finds out what each column says. A field that the user maps is taken from nowhere else.
    ///
    /// # Errors
    ///
    /// What is wrong with the headings, and what to do.
    pub fn find(headings: Vec<String>, mapping: &Mapping) -> Result<Self, String> {
        let mut mapped: BTreeMap<usize, Column> = BTreeMap::new();
        for (field, heading) in mapping {
            let same = |it: &String| it == heading || plain(it) == plain(heading);
            let at = headings.iter().position(same).ok_or_else(|| {
                format!(
                    "--map {field}={heading}: there is no such column; there are {}",
                    list(&headings)
                )
            })?;
            if let Some(column) = of_field(field) {
                mapped.insert(at, column);
            }
        }
        let taken = |column: &Column| mapped.values().any(|it| kind(it) == kind(column));
        let column = |(at, heading): (usize, &String)| {
            if let Some(column) = mapped.get(&at) {
                return column.clone();
            }
            let found = of_heading(heading);
            if taken(&found) { attribute(heading) } else { found }
        };
        let columns: Vec<_> = headings.iter().enumerate().map(column).collect();
        if !columns.iter().any(|it| matches!(it, Column::Number { .. })) {
            return Err(format!(
                "no column holds a number: name one with --map number=HEADING; there are {}",
                list(&headings)
            ));
        }
        Ok(Self { headings, columns })
    }

    /// What each column says, with its heading.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.headings.iter().map(String::as_str).zip(&self.columns)
    }

    /// The lead of a row. Rows may be short; what is behind the last heading is refused by the reader of the table.
    ///
    /// # Errors
    ///
    /// What cannot be read already here: a date.
    pub fn lead<'a>(
        &self,
        cells: impl Iterator<Item = &'a str>,
        import: &Import,
    ) -> Result<RawLead, Fault> {
        let mut lead = RawLead::default();
        let (mut names, mut place) = (Vec::new(), RawNumber::default());
        let (mut basis, mut given) = ("", "");
        for (cell, (heading, column)) in cells.zip(self.iter()) {
            let cell = cell.trim();
            match column {
                Column::Number { label } => lead.numbers.push(RawNumber {
                    number: cell.to_owned(),
                    label: label.clone(),
                    ..RawNumber::default()
                }),
                Column::Name if cell.is_empty() => {}
                Column::Name => names.push(cell),
                Column::Key => cell.clone_into(&mut lead.key),
                Column::Role => cell.clone_into(&mut lead.role),
                Column::Party => cell.clone_into(&mut lead.party),
                Column::Consent => basis = cell,
                Column::ConsentDate => given = cell,
                Column::Tags => {
                    lead.tags.extend(cell.split([',', ';', '|']).map(|it| it.trim().to_owned()));
                }
                Column::Postcode => cell.clone_into(&mut place.postcode),
                Column::Region => {
                    keep_region(cell, heading, &mut place, &mut lead);
                }
                Column::Zone if cell.is_empty() => {}
                Column::Zone => place.zones = vec![cell.to_owned()],
                Column::Attribute(name) => {
                    if !cell.is_empty() {
                        lead.attributes.insert(name.clone(), cell.to_owned());
                    }
                }
                Column::Ignored => {}
            }
        }
        lead.name = names.join(" ");
        lead.consent = consent_of(basis, given, import)?;
        if !place.postcode.is_empty() {
            lead.attributes.insert("postcode".to_owned(), place.postcode.clone());
        }
        for number in &mut lead.numbers {
            number.postcode.clone_from(&place.postcode);
            number.region.clone_from(&place.region);
            number.zones.clone_from(&place.zones);
        }
        Ok(lead)
    }

    /// The heading of the column that a fault is about; the fault's own field where it is about none.
    pub fn heading_of<'a>(&'a self, field: &'a str) -> &'a str {
        let nth_number = |at: usize| {
            let numbers = self.iter().filter(|(_, it)| matches!(it, Column::Number { .. }));
            numbers.map(|(heading, _)| heading).nth(at)
        };
        let of = |wanted: &Column| {
            self.iter().find(|(_, it)| kind(it) == kind(wanted)).map(|(heading, _)| heading)
        };
        let found = match field {
            "numbers" => nth_number(0),
            "display_name" => of(&Column::Name),
            "key" => of(&Column::Key),
            "role" => of(&Column::Role),
            "party" => of(&Column::Party),
            "consent.basis" => of(&Column::Consent),
            "consent.give_time" => of(&Column::ConsentDate).or_else(|| of(&Column::Consent)),
            "tags" => of(&Column::Tags),
            _ => match (field.strip_prefix("numbers["), field.strip_prefix("attributes.")) {
                (Some(rest), _) if rest.ends_with("].zones") => of(&Column::Zone),
                (Some(rest), _) if rest.ends_with("].region") => of(&Column::Region),
                (Some(rest), _) => {
                    rest.split(']').next().and_then(|at| at.parse().ok()).and_then(nth_number)
                }
                (None, Some(name)) => {
                    self.headings.iter().map(String::as_str).find(|it| plain(it) == name)
                }
                (None, None) => None,
            },
        };
        found.unwrap_or(field)
    }
}

/// A region that is no code is kept for filters, but tells no place.
fn keep_region(cell: &str, heading: &str, place: &mut RawNumber, lead: &mut RawLead) {
    if cell.is_empty() {
        return;
    }
    let code = cell.len() <= 3 && cell.bytes().all(|it| it.is_ascii_alphanumeric());
    if code {
        cell.clone_into(&mut place.region);
    }
    lead.attributes.insert(plain(heading), cell.to_owned());
}

fn consent_of(basis: &str, given: &str, import: &Import) -> Result<Option<RawConsent>, Fault> {
    if basis.is_empty() && given.is_empty() {
        return Ok(None);
    }
    let given_at = match given {
        "" => None,
        text => Some(consent::moment(text, &import.country).ok_or_else(|| {
            let remedy = "write a day such as 2026-11-21 or 21/11/2026";
            Fault::new("consent.give_time", text, "it is no date", remedy)
        })?),
    };
    Ok(Some(RawConsent { basis: basis.to_owned(), given_at }))
}

fn list(headings: &[String]) -> String {
    headings.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>().join(", ")
}

/// Kinds of columns, so that fields compare whatever their label or name.
fn kind(column: &Column) -> std::mem::Discriminant<Column> {
    std::mem::discriminant(column)
}

fn attribute(heading: &str) -> Column {
    match plain(heading).as_str() {
        "" => Column::Ignored,
        name => Column::Attribute(name.to_owned()),
    }
}

fn of_heading(heading: &str) -> Column {
    let word = plain(heading);
    let known = HEADINGS.iter().find(|(_, headings)| headings.contains(&word.as_str()));
    if let Some((field, _)) = known {
        return of_field(field).unwrap_or(Column::Ignored);
    }
    match number_label(&word) {
        Some(label) => Column::Number { label },
        None => attribute(heading),
    }
}

/// What a number is, where the heading is a number's: `telefono_2`, `movil trabajo`, `phone`.
fn number_label(word: &str) -> Option<String> {
    let parts: Vec<&str> = word.split('_').collect();
    let bare = |part: &str| part.trim_end_matches(|it: char| it.is_ascii_digit()).to_owned();
    let of = |part: &str| NUMBER_WORDS.iter().find(|(it, _)| *it == part).map(|(_, label)| *label);
    let whole = of(word);
    let label = whole.or_else(|| {
        // Everything else in the heading must tell which number it is, or `numero_de_factura` would be one.
        let known = |part: &&str| {
            let part = bare(part);
            part.is_empty()
                || of(&part).is_some()
                || matches!(part.as_str(), "de" | "numero" | "num" | "contacto" | "principal" | "n")
                || LABEL_WORDS.iter().any(|(it, _)| *it == part)
        };
        let is_number = parts.iter().any(|part| of(&bare(part)).is_some());
        (is_number && parts.iter().all(known)).then_some("")
    })?;
    let of_label =
        |part: &&str| LABEL_WORDS.iter().find(|(it, _)| *it == bare(part)).map(|it| it.1);
    let of_number = |part: &&str| of(&bare(part)).filter(|it| !it.is_empty());
    let told = parts.iter().find_map(of_label).or(parts.iter().find_map(of_number));
    Some(told.unwrap_or(label).to_owned())
}

#[cfg(test)]
mod tests;
