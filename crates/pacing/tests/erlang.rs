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
        if off.is_nan() || off > 1e-9 {
            let Row { model, quantity, numbers, value } = row;
            faults.push(format!("{model} {quantity} {numbers:?}: {computed} for {value}: {off:e}"));
        }
    }
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), rows.len(), faults.join("\n"));
}

#[test]
fn large_floors_and_extreme_inputs_stay_finite() {
    for agents in [1, 2, 100, 5_000, 100_000] {
        let n = f64::from(agents);
        for load in [1e-3, 0.5 * n, n - 1e-9 * n, n, 1.2 * n].map(|it: f64| it.min(100_000.0)) {
            let b = blocking(agents, load).expect("a share");
            assert!((0.0..=1.0).contains(&b), "{agents} {load}: {b}");
            let a = with_abandonment(agents, load, 180.0, 60.0, 20.0).expect("measures");
            let all = [
                a.p_wait,
                a.p_abandon,
                a.occupancy,
                a.service_level,
                a.service_level_of_answered,
                a.p_offered_wait_over,
            ];
            let shares = all.iter().all(|it| (-1e-9..=1.0 + 1e-9).contains(it));
            assert!(shares && a.wait_s.is_finite(), "{agents} {load}: {a:?}");
        }
    }
}

/// With endless patience Erlang A is Erlang C, and at once is within no time.
#[test]
fn the_formulas_agree_where_they_meet() {
    let c = without_abandonment(5_000, 4_950.0, 180.0, 20.0).expect("measures");
    let a = with_abandonment(5_000, 4_950.0, 180.0, 3e5, 20.0).expect("measures");
    assert!((a.p_wait / c.p_wait - 1.0).abs() < 2e-3, "{a:?} {c:?}");
    assert!((a.service_level / c.service_level - 1.0).abs() < 1e-3, "{a:?} {c:?}");
    let now = with_abandonment(10, 9.0, 180.0, 60.0, 0.0).expect("measures");
    assert!((now.service_level - (1.0 - now.p_wait)).abs() < 1e-12);
    assert!((now.p_offered_wait_over / now.p_wait - 1.0).abs() < 1e-9);
    let none = without_abandonment(10, 10.0, 180.0, 20.0).expect("measures");
    assert_eq!((none.p_wait, none.service_level, none.asa_s), (1.0, 0.0, f64::INFINITY));
}

#[test]
fn a_staffing_is_the_fewest_that_keep_the_promise() {
    let load = Load { calls_per_hour: 800.0, aht_s: 240.0, patience_s: Some(90.0) };
    let promises = [
        Promise::ServiceLevel { share: 0.8, within_s: 20.0 },
        Promise::Abandonment { at_most: 0.03 },
        Promise::Asa { at_most_s: 10.0 },
    ];
    for promise in promises {
        let enough = staffing(&load, promise).expect("a staffing");
        let fewer =
            with_abandonment(enough.agents - 1, enough.offered_load, 240.0, 90.0, 20.0).expect("");
        let (kept, broken) = match promise {
            Promise::ServiceLevel { share, .. } => {
                (enough.service_level >= share, fewer.service_level < share)
            }
            Promise::Abandonment { at_most } => {
                (enough.abandoned <= at_most, fewer.p_abandon > at_most)
            }
            Promise::Asa { at_most_s } => (enough.asa_s <= at_most_s, fewer.wait_s > at_most_s),
        };
        assert!(kept && broken, "{promise:?}: {enough:?}, one fewer {fewer:?}");
    }
}

#[test]
fn invalid_input_names_its_field_and_its_value() {
    let load = Load { calls_per_hour: 100.0, aht_s: 180.0, patience_s: None };
    let sl = Promise::ServiceLevel { share: 1.5, within_s: 20.0 };
    let nobody = Load { calls_per_hour: f64::NAN, ..load };
    let endless = Load { calls_per_hour: 1e6, patience_s: Some(1e6), ..load };
    let asa = Promise::Asa { at_most_s: 10.0 };
    let faults = [
        blocking(0, 1.0).map(drop),
        blocking(5, -1.0).map(drop),
        blocking(5, f64::NAN).map(drop),
        offered_load_at(5, 1.0).map(drop),
        without_abandonment(5, 1.0, 0.0, 20.0).map(drop),
        without_abandonment(5, 1.0, 180.0, -1.0).map(drop),
        with_abandonment(5, 1.0, 180.0, f64::INFINITY, 1.0).map(drop),
        staffing(&load, sl).map(drop),
        staffing(&load, Promise::Abandonment { at_most: 0.03 }).map(drop),
        staffing(&nobody, asa).map(drop),
        staffing(&endless, asa).map(drop),
    ];
    let named: Vec<_> = faults
        .into_iter()
        .map(|it| {
            it.map_err(|fault| format!("{}={}", fault.field, fault.value)).expect_err("a fault")
        })
        .collect();
    let expected = [
        "agents=0",
        "offered_load=-1",
        "offered_load=NaN",
        "blocking=1",
        "aht_s=0",
        "within_s=-1",
        "patience_s=inf",
        "share=1.5",
        "patience_s=none",
        "calls_per_hour=NaN",
        "patience_s=1000000",
    ];
    assert_eq!(named, expected);
}
