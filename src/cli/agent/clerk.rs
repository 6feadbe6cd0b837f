//! Files complaints beside the agent's stream: each is sent until the server has acknowledged or refused it, always under the
//! same request id, so that it is kept once.

use std::time::Duration;

use timbre_casework::{Case, Channel};
use tokio::sync::mpsc::{Receiver, Sender};

use super::session::News;
use crate::api::client::{CaseStep, Client, ClientError, Target};
use crate::api::wire::case::TakenDown;
use crate::driver::clock;

/// How long to wait before what was not answered is sent again.
const AGAIN: Duration = Duration::from_secs(2);

/// A complaint to be filed.
#[derive(Debug, Clone, PartialEq)]
pub struct Filed {
    /// The id of its request, of one form and all its tries.
    pub request_id: String,
    /// What was taken down.
    pub taken: TakenDown,
    /// Where to mail a receipt; empty: nowhere.
    pub receipt: String,
}

/// Files what comes, until nobody files any more.
pub async fn run(target: Target, mut filed: Receiver<Filed>, news: Sender<News>) {
    while let Some(filed) = filed.recv().await {
        let told = file(&target, &filed, &news).await;
        // A terminal that has left hears nothing.
        if news.send(told).await.is_err() {
            return;
        }
    }
}

async fn file(target: &Target, filed: &Filed, news: &Sender<News>) -> News {
    loop {
        match once(target, filed).await {
            Ok(case) => return News::CaseTaken(Box::new(case)),
            Err(error) if error.is_passing() => {
                // See above: then there is nobody to tell either way.
                let _ = news.send(News::CaseWaits(error.to_string())).await;
                clock::sleep(AGAIN).await;
            }
            Err(error) => return News::CaseRefused(error.to_string()),
        }
    }
}

async fn once(target: &Target, filed: &Filed) -> Result<Case, ClientError> {
    let Filed { request_id, taken, receipt } = filed;
    let client = Client::connect(target).await?;
    let case = client.take_case(request_id.clone(), taken).await?;
    if receipt.is_empty() {
        return Ok(case);
    }
    let step = CaseStep::Receipt { channel: Channel::Mail, to: receipt.clone() };
    client.case_step(&case.key.digits(), format!("{request_id}-receipt"), step).await
}
