//! The figures to be held to.

/// One cell of the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Published {
    /// Agents in the pool.
    pub agents: u32,
    /// Chance that a call is answered.
    pub answer_rate: f64,
    /// Mean talking time, in seconds.
    pub talk_s: f64,
    /// Occupancy of the forecasting controller, as published.
    pub forecast_occupancy: f64,
    /// The exact optimum of the memoryless model at 3 % abandonment, where it is known.
    pub optimum_memoryless: Option<f64>,
}

impl Published {
    /// Live answers of eight hours at the published occupancy: what an operator would expect of a day.
    pub(super) fn answers_a_day(&self) -> u64 {
        let busy_s = 8.0 * 3_600.0 * f64::from(self.agents) * self.forecast_occupancy;
        (busy_s / (self.talk_s + 20.0)) as u64
    }
}

/// Every cell.
pub(super) fn all() -> Vec<Published> {
    let text = include_str!("../../../../pacing/tests/data/published.csv");
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.filter_map(row).collect()
}

fn row(line: &str) -> Option<Published> {
    let mut fields = line.split(',');
    let mut next = || fields.next();
    Some(Published {
        agents: next()?.parse().ok()?,
        answer_rate: next()?.parse().ok()?,
        talk_s: next()?.parse().ok()?,
        forecast_occupancy: next()?.parse().ok()?,
        optimum_memoryless: next()?.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_cell_of_the_grid_is_read() {
        let cells = super::all();
        assert_eq!(cells.len(), 36);
        assert_eq!(cells.iter().filter(|it| it.optimum_memoryless.is_some()).count(), 30);
    }
}
