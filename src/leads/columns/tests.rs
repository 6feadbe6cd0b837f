use timbre_model::Civil;

use super::*;

fn find(headings: &[&str], map: &str) -> Result<Columns, String> {
    let headings = headings.iter().map(|it| (*it).to_owned()).collect();
    Columns::find(headings, &mapping(map)?)
}

fn number(label: &str) -> Column {
    Column::Number { label: label.to_owned() }
}

fn other(name: &str) -> Column {
    Column::Attribute(name.to_owned())
}

#[test]
fn headings_are_known_in_spanish_and_english() {
    for (heading, column) in [
        ("Teléfono", number("")),
        ("TELEFONO2", number("")),
        ("Teléfono móvil", number("mobile")),
        ("Tel. trabajo", number("work")),
        ("móvil 1", number("mobile")),
        ("Phone Number", number("")),
        ("mobile", number("mobile")),
        ("Fijo", number("home")),
        ("Número de teléfono", number("")),
        ("numero de factura", other("numero_de_factura")),
        ("Nombre", Column::Name),
        ("Apellidos", Column::Name),
        ("ID cliente", Column::Key),
        ("DNI", Column::Key),
        ("Decisor", Column::Role),
        ("Tipo de cliente", Column::Party),
        ("Base legal", Column::Consent),
        ("Fecha consentimiento", Column::ConsentDate),
        ("Etiquetas", Column::Tags),
        ("C.P.", Column::Postcode),
        ("Zona horaria", Column::Zone),
        ("Provincia", other("provincia")),
        ("Edad", other("edad")),
        ("teleoperador", other("teleoperador")),
        ("", Column::Ignored),
    ] {
        assert_eq!(of_heading(heading), column, "{heading}");
    }
}

#[test]
fn a_field_that_is_mapped_is_taken_from_nowhere_else() {
    let columns = find(&["Tel", "Oficina", "Nombre"], "number.work=oficina, name=Tel").unwrap();
    let found: Vec<_> = columns.iter().map(|(_, column)| column.clone()).collect();
    assert_eq!(found, [Column::Name, number("work"), other("nombre")]);
}

#[test]
fn what_cannot_be_mapped_says_what_there_is() {
    for (headings, map, word) in [
        (&["edad", "ciudad"][..], "", "\"ciudad\""),
        (&["tel"], "number=movil", "no such column"),
        (&["tel"], "shoe=tel", "no field"),
        (&["tel"], "number", "FIELD=HEADING"),
        (&["tel"], "number=", "FIELD=HEADING"),
    ] {
        let why = find(headings, map).expect_err(map);
        assert!(why.contains(word), "{why}");
    }
}

#[test]
fn a_row_becomes_a_lead() {
    let columns = find(
        &[
            "Tel",
            "Móvil",
            "Nombre",
            "Apellidos",
            "CP",
            "Base legal",
            "Fecha consentimiento",
            "tags",
            "Edad",
        ],
        "",
    )
    .unwrap();
    let import = Import { country: "ES".to_owned(), now: Civil::from_micros(i64::MAX) };
    let row = "910000001|600000001|Ana|Pérez|38001|expreso|21/11/2026|vip; Moroso|41";
    let lead = columns.lead(row.split('|'), &import).unwrap();
    let read = crate::leads::read(lead, &import).unwrap().lead;
    let numbers: Vec<_> = read.numbers.iter().map(|it| (it.number.expose(), &*it.label)).collect();
    assert_eq!(numbers, [("+34910000001", ""), ("+34600000001", "mobile")]);
    assert_eq!(read.name, "Ana Pérez");
    // A landline of Madrid and a postcode of Tenerife: both zones stay in question.
    let zones: Vec<_> = read.numbers.iter().map(|it| it.zones.len()).collect();
    assert_eq!((zones, &*read.numbers[1].zones[0]), (vec![2, 1], "Atlantic/Canary"));
    assert!(read.tags.iter().map(timbre_model::Slug::as_str).eq(["moroso", "vip"]));
    assert_eq!(read.attributes.get("edad").map(String::as_str), Some("41"));
    assert!(read.consent.is_some());
    let short = columns.lead("910000001".split('|'), &import).unwrap();
    assert_eq!((short.numbers.len(), short.name.as_str()), (1, ""));
    let fault = columns.lead("1|2|a|b|c|expreso|ayer".split('|'), &import).unwrap_err();
    assert_eq!(
        (columns.heading_of(&fault.field), fault.value.as_str()),
        ("Fecha consentimiento", "ayer")
    );
    assert_eq!(columns.heading_of("numbers[1].number"), "Móvil");
    assert_eq!(columns.heading_of("attributes.edad"), "Edad");
    assert_eq!(columns.heading_of("numbers[9].number"), "numbers[9].number");
}
