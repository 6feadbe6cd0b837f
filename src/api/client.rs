//! Clients of the API, in our own types.
