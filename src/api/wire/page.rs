//! Pages of lists: sizes, and tokens that say nothing to the client.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use timbre_model::FieldError;
use timbre_store::{Cursor, PageRequest};

/// How many entries a page has where the client does not say.
pub const SIZE: u32 = 100;

/// How many entries a page may have: `size` of the request, 0 for [`SIZE`], more than 1,000 for 1,000.
pub fn read_size(size: i32) -> Result<u32, FieldError> {
    match u32::try_from(size) {
        Ok(0) => Ok(SIZE),
        Ok(size) => Ok(size.min(PageRequest::SIZE_MAX)),
        Err(_) => Err(FieldError::new("page_size", size, "give 1 to 1000, or 0 for 100")),
    }
}

/// The token of the page that begins after `after`, whatever text that is.
pub fn token(after: &str) -> String {
    URL_SAFE_NO_PAD.encode(after)
}

/// Reads a token; `None` where it is empty, which asks for the first page.
pub fn read_token(text: &str) -> Result<Option<String>, FieldError> {
    if text.is_empty() {
        return Ok(None);
    }
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| fault(text))?;
    String::from_utf8(bytes).map(Some).map_err(|_| fault(text))
}

/// The token of the page of calls after `cursor`; empty where there is none.
pub fn call_token(cursor: Option<Cursor>) -> String {
    cursor.map(|cursor| token(&cursor.to_string())).unwrap_or_default()
}

/// Reads size and token of a page of calls.
pub fn read_call_page(size: i32, text: &str) -> Result<PageRequest, FieldError> {
    let after = read_token(text)?
        .map(|after| Cursor::parse(&after).ok_or_else(|| fault(text)))
        .transpose()?;
    Ok(PageRequest { size: read_size(size)?, after })
}

fn fault(text: &str) -> FieldError {
    let remedy = "give a next_page_token of this server, or nothing for the first page";
    FieldError::new("page_token", super::name::cut(text), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use timbre_model::{CallId, Civil};

    proptest! {
        #[test]
        fn cursors_round_trip(micros: i64, call: u128) {
            let cursor =
                Cursor { arrived_at: Civil::from_micros(micros), call: CallId::from_u128(call) };
            let page = read_call_page(0, &call_token(Some(cursor)));
            prop_assert_eq!(page, Ok(PageRequest { size: SIZE, after: Some(cursor) }));
        }

        #[test]
        fn any_token_is_read_or_refused(text in ".{0,60}") {
            let _ = read_token(&text);
            let refused = read_call_page(1, &format!("!{text}")).is_err();
            prop_assert!(refused);
        }
    }

    #[test]
    fn sizes_stay_within_their_bounds() {
        assert_eq!((read_size(0), read_size(7), read_size(i32::MAX)), (Ok(100), Ok(7), Ok(1_000)));
        assert_eq!(read_size(-1).expect_err("a negative size").field, "page_size");
    }
}
