//! Conversions between the wire and our own types.
