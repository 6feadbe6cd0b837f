//! The figures to be held to.

/// One cell of the grid.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    pub agents: u32,
    pub answer_rate: f64,
    pub talk_s: f64,
    pub forecast_occupancy: f64,
    pub optimum_memoryless: Option<f64>,
}

pub fn all() -> Vec<Published> {
    let text = include_str!("../../tests/data/published.csv");
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(row).collect()
}

fn row(line: &str) -> Published {
    let numbers: Vec<Option<f64>> = line.split(',').map(|it| it.parse().ok()).collect();
    let at = |column: usize| numbers[column].expect("a number");
    Published {
        agents: at(0) as u32,
        answer_rate: at(1),
        talk_s: at(2),
        forecast_occupancy: at(3),
        optimum_memoryless: numbers[4],
    }
}
