//! A report as one page of HTML that needs nothing else and prints on paper.

use std::fmt::Write as _;

use timbre_casework::report::{Report, Table};

use crate::cli::words::moment;

const STYLE: &str = "\
body{font:14px/1.45 system-ui,sans-serif;color:#1a1a1a;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .4rem}.period{color:#555;margin:.2rem 0 0}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .6rem .25rem 0;\
border-bottom:1px solid #ddd;vertical-align:top}th{border-bottom:2px solid #1a1a1a;font-weight:600}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.note{color:#555;font-size:.85rem;margin:.4rem 0 0;max-width:48rem}.none{color:#555}\
@page{size:A4;margin:18mm}\
@media print{body{max-width:none;margin:0;padding:0;font-size:10.5pt}section{break-inside:avoid}thead{display:table-header-group}}";

/// The page.
pub(super) fn page(report: &Report) -> String {
    let Report { title, from, to, tables } = report;
    let (title, from, to) = (escaped(title), escaped(&moment(*from)), escaped(&moment(*to)));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p class=\"period\">{from} to {to}</p>\n"
    );
    tables.iter().for_each(|it| section(&mut page, it));
    page.push_str("</body>\n</html>\n");
    page
}

fn section(page: &mut String, table: &Table) {
    let Table { title, columns, rows, note } = table;
    let _ = writeln!(page, "<section>\n<h2>{}</h2>", escaped(title));
    if rows.is_empty() {
        page.push_str("<p class=\"none\">Nothing in this period.</p>\n");
    } else {
        let figures: Vec<bool> = (0..columns.len()).map(|n| is_figure(rows, n)).collect();
        page.push_str("<table>\n<thead><tr>");
        cells(page, columns, &figures, "th");
        page.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            page.push_str("<tr>");
            cells(page, row, &figures, "td");
            page.push_str("</tr>\n");
        }
        page.push_str("</tbody>\n</table>\n");
    }
    let _ = writeln!(page, "<p class=\"note\">{}</p>\n</section>", escaped(note));
}

/// A column of figures stands on the right.
fn is_figure(rows: &[Vec<String>], column: usize) -> bool {
    let figure = |it: &String| {
        let bare = it.trim_end_matches([' ', '%', 's']);
        bare == "-" || bare.parse::<f64>().is_ok()
    };
    rows.iter().filter_map(|row| row.get(column)).all(figure)
}

fn cells(page: &mut String, row: &[String], figures: &[bool], tag: &str) {
    for (cell, figure) in row.iter().zip(figures) {
        let class = if *figure { " class=\"n\"" } else { "" };
        let _ = write!(page, "<{tag}{class}>{}</{tag}>", escaped(cell));
    }
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, it| {
        match it {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            it => out.push(it),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use timbre_model::Civil;

    use super::*;

    #[test]
    fn whatever_is_named_stays_text() {
        let evil = "<script>alert('x')</script>\" onload=\"&";
        let table = Table {
            title: evil.to_owned(),
            columns: vec![evil.to_owned(), "n".to_owned()],
            rows: vec![vec![evil.to_owned(), "95.0 %".to_owned()]],
            note: evil.to_owned(),
        };
        let at = Civil::from_micros(0);
        let page = page(&Report { title: evil.to_owned(), from: at, to: at, tables: vec![table] });
        assert!(!page.contains("<script") && !page.contains("\" onload"), "{page}");
        assert_eq!(
            page.matches("&lt;script&gt;").count(),
            6,
            "title twice, heading, column, cell, note"
        );
        assert!(page.contains("<td class=\"n\">95.0 %</td>"));
    }
}
