//! The frame of an import: a header comes, then chunks, then the end; each is answered.

use std::time::Duration;

use timbre_model::FieldError;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Response, Status, Streaming};

use super::limits;
use super::status::{self, reasons};

/// What a client's message is.
pub(super) enum Part<H, C> {
    Header(H),
    Chunk(C),
    Finish,
}

/// What is imported, and how.
pub(super) trait Intake: Send + Sync + 'static {
    type Request: Send + 'static;
    type Header: Send;
    type Chunk: Send;
    type Answer: Send + 'static;
    /// What the header says, and how far it has come.
    type Batch: Send + Sync;

    /// `None` where the message holds nothing.
    fn part(message: Self::Request) -> Option<Part<Self::Header, Self::Chunk>>;

    /// Begins, or goes on with what was begun before.
    fn open(
        &self,
        header: Self::Header,
    ) -> impl Future<Output = Result<Opened<Self>, Status>> + Send;

    fn chunk(
        &self,
        batch: &mut Self::Batch,
        chunk: Self::Chunk,
    ) -> impl Future<Output = Result<Self::Answer, Status>> + Send;

    fn finish(
        &self,
        batch: &Self::Batch,
    ) -> impl Future<Output = Result<Self::Answer, Status>> + Send;
}

/// An import that may take chunks.
pub(super) struct Opened<I: Intake + ?Sized> {
    pub(super) batch: I::Batch,
    pub(super) answer: I::Answer,
    /// It was finished before: nothing is to come.
    pub(super) finished: bool,
}

/// What the client is sent.
pub(super) type Answers<T> = ReceiverStream<Result<T, Status>>;

/// Takes an import in until it ends, or the server does.
pub(super) fn start<I: Intake>(
    intake: I,
    from_client: Streaming<I::Request>,
    stop: CancellationToken,
) -> Response<Answers<I::Answer>> {
    let (to_client, answers) = mpsc::channel(limits::IMPORT_AHEAD);
    let stream = Stream { intake, from_client, to_client };
    tokio::spawn(stop.run_until_cancelled_owned(stream.run()));
    Response::new(ReceiverStream::new(answers))
}

struct Stream<I: Intake> {
    intake: I,
    from_client: Streaming<I::Request>,
    to_client: mpsc::Sender<Result<I::Answer, Status>>,
}

impl<I: Intake> Stream<I> {
    async fn run(mut self) {
        if let Err(status) = self.serve().await {
            // The client may be gone already.
            let _ = self.to_client.send(Err(status)).await;
        }
    }

    async fn serve(&mut self) -> Result<(), Status> {
        let Some(Part::Header(header)) = self.next(limits::OPEN_WITHIN).await? else {
            return Err(not_opened());
        };
        let Opened { mut batch, answer, finished } = self.intake.open(header).await?;
        if !self.answer(answer).await || finished {
            return Ok(());
        }
        while let Some(part) = self.next(limits::IMPORT_SILENCE_MAX).await? {
            let (answer, finished) = match part {
                Part::Header(_) => return Err(not_opened()),
                Part::Chunk(chunk) => (self.intake.chunk(&mut batch, chunk).await?, false),
                Part::Finish => (self.intake.finish(&batch).await?, true),
            };
            if !self.answer(answer).await || finished {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The next part; `None` where the client ended, or was silent for too long.
    async fn next(
        &mut self,
        patience: Duration,
    ) -> Result<Option<Part<I::Header, I::Chunk>>, Status> {
        match tokio::time::timeout(patience, self.from_client.message()).await {
            Ok(message) => {
                let absent = || FieldError::new("part", "", "give a header, a chunk or finish");
                let Some(message) = message? else { return Ok(None) };
                I::part(message).map(Some).ok_or_else(|| status::invalid_field(absent()))
            }
            Err(_) => Ok(None),
        }
    }

    async fn answer(&self, answer: I::Answer) -> bool {
        self.to_client.send(Ok(answer)).await.is_ok()
    }
}

fn not_opened() -> Status {
    let message = "the first message must be a header, and only the first";
    status::with_reason(Code::FailedPrecondition, reasons::IMPORT_NOT_OPENED, message)
}
