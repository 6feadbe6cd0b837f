//! A campaign to be tried before anybody is called: what a file says, and what comes of it.

mod outlook;
mod people;
mod plot;
mod prepare;
mod words;

pub use outlook::{Outlook, try_out};
pub use plot::plot;
pub use words::{
    CallersSpec, ConsentSpec, CrewSpec, FloorSource, PeopleSpec, RegistrySpec, ScenarioError,
    ScenarioSpec,
};
