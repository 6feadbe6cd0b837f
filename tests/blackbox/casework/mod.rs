//! What follows a conversation, from outside.

mod access;
pub mod cases;
mod kills;
mod lost;
mod messages;
mod notifications;
mod post_office;
mod receiver;
mod sales;
mod world;
