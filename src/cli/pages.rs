//! Listings that come page by page.

use crate::api::client::{ClientError, Paged};

/// Most entries of a page.
const SIZE_MAX: usize = 1_000;

/// The first `limit` entries; `page` gets a size and the token of the former page.
pub async fn gather<T>(
    limit: u32,
    mut page: impl AsyncFnMut(i32, String) -> Result<Paged<T>, ClientError>,
) -> Result<Vec<T>, ClientError> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut all, mut token) = (Vec::new(), String::new());
    while all.len() < limit {
        let size = i32::try_from((limit - all.len()).min(SIZE_MAX)).unwrap_or(i32::MAX);
        let (more, next) = page(size, token).await?;
        all.extend(more);
        match next {
            Some(next) => token = next,
            None => break,
        }
    }
    all.truncate(limit);
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_asked_for_until_there_are_enough() {
        let mut asked = Vec::new();
        let page = async |size: i32, token: String| {
            asked.push((size, token));
            let size = usize::try_from(size).unwrap_or(0).min(700);
            Ok((vec![0_u8; size], Some(format!("t{}", asked.len()))))
        };
        let all = gather(1_500, page).await.expect("pages");
        assert_eq!(all.len(), 1_500);
        let sizes: Vec<_> = asked.iter().map(|(size, token)| (*size, token.as_str())).collect();
        assert_eq!(sizes, [(1_000, ""), (800, "t1"), (100, "t2")]);
    }
}
