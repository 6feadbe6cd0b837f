//! Every row of the reference table, and the edges of the formulas.

use timbre_pacing::erlang::{
    Load, Promise, blocking, offered_load_at, staffing, with_abandonment, without_abandonment,
};

struct Row {
    model: String,
    quantity: String,
    numbers: Vec<Option<f64>>,
    value: f64,
}

impl Row {
    fn number(&self, column: usize) -> f64 {
        self.numbers[column].unwrap_or_else(|| panic!("{} lacks column {column}", self.quantity))
    }

    fn agents(&self) -> u32 {
        self.number(0) as u32
    }

    fn load(&self) -> f64 {
        // The table prints some loads to twelve digits: 25/3, 1250/3, 1/3 and 2/3.
        let (printed, thirds) = (self.number(1), (self.number(1) * 3.0).round() / 3.0);
        if (printed - thirds).abs() < 1e-9 { thirds } else { printed }
    }

    fn computed(&self) -> f64 {
        let (model, quantity) = (self.model.as_str(), self.quantity.as_str());
        match (model, quantity.split_once("_0.")) {
            ("ErlangB", Some((_, digits))) => {
                offered_load_at(self.agents(), share(digits)).expect("a load")
            }
            ("ErlangB", None) => blocking(self.agents(), self.load()).expect("a share"),
            ("ErlangC", Some((_, digits))) => self.fewest(share(digits)),
            ("ErlangC", None) => self.waiting(),
            ("ErlangA", None) => self.abandoning(),
            _ => panic!("an unknown row: {model} {quantity}"),
        }
    }

    fn fewest(&self, share: f64) -> f64 {
        let calls_per_hour = self.load() * 3_600.0 / self.number(2);
        let load = Load { calls_per_hour, aht_s: self.number(2), patience_s: None };
        let promise = Promise::ServiceLevel { share, within_s: self.number(3) };
        f64::from(staffing(&load, promise).expect("a staffing").agents)
    }

    fn waiting(&self) -> f64 {
        let within_s = self.numbers[3].unwrap_or(0.0);
        let it = without_abandonment(self.agents(), self.load(), self.number(2), within_s)
            .expect("measures");
        match self.quantity.as_str() {
            "p_wait" => it.p_wait,
            "service_level" => it.service_level,
            "asa_seconds" => it.asa_s,
            other => panic!("an unknown quantity: {other}"),
        }
    }

    fn abandoning(&self) -> f64 {
        let [aht_s, within_s, patience_s] = [2, 3, 4].map(|column| self.number(column));
        let it = with_abandonment(self.agents(), self.load(), aht_s, patience_s, within_s)
            .expect("measures");
        match self.quantity.as_str() {
            "p_wait" => it.p_wait,
            "p_abandon" => it.p_abandon,
            "mean_wait_all" => it.wait_s,
            "mean_queue" => it.queue,
            "occupancy" => it.occupancy,
            "sl_served_within_T_over_offered" => it.service_level,
            "sl_served_within_T_over_served" => it.service_level_of_answered,
            "p_offered_wait_gt_T" => it.p_offered_wait_over,
            other => panic!("an unknown quantity: {other}"),
        }
    }
}

fn share(digits: &str) -> f64 {
    format!("0.{digits}").parse().expect("a share")
}

fn rows() -> Vec<Row> {
    let text = include_str!("data/erlang_reference.csv");
    let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            Row {
                model: fields[0].to_owned(),
                quantity: fields[1].to_owned(),
                numbers: fields[2..7].iter().map(|it| it.parse().ok()).collect(),
                value: fields[7].parse().expect("a value"),
            }
        })
        .collect()
}

#[test]
fn every_row_of_the_reference_agrees_to_nine_digits() {
    let rows = rows();
    assert!(rows.len() > 100, "only {} rows", rows.len());
    let mut faults = Vec::new();
    for row in &rows {
        let computed = row.computed();
        let off = (computed / row.value - 1.0).abs();
        if !(off <= 1e-9) {
            let Row { model, quantity, numbers, value } = row;
            faults.push(format!("{model} {quantity} {numbers:?}: {computed} for {value}: {off:e}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rows.len(), faults.join("\n"));
}
