//! What follows a conversation, from outside.

mod access;
mod cases;
mod kills;
mod notifications;
mod post_office;
mod receiver;
mod lost;
mod messages;
mod sales;
mod world;
