//! `timbre top`: a live wallboard.

mod board;
mod text;
mod wall;

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use crossterm::event::{Event, EventStream, KeyCode, KeyModifiers};
use futures::StreamExt as _;
use ratatui::DefaultTerminal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;

use super::access::Access;
use super::out;
use crate::api::client::{Client, ClientError, FloorWatch, Target};
use crate::api::wire::pacing::CampaignStatus;
use crate::api::wire::watch::FloorUpdate;
use crate::driver::clock;
use board::Board;

/// How often clocks on the screen move.
const FRAME: Duration = Duration::from_millis(500);
/// How long a lost stream waits before it is opened again.
const RETRY: Duration = Duration::from_secs(1);
/// How often the campaigns are asked for: pacing decides twice as often.
const ASK: Duration = Duration::from_secs(1);
/// Most campaigns that are asked for.
const CAMPAIGNS: i32 = 100;

/// What a wallboard is told.
enum News {
    Floor(Box<FloorUpdate>),
    Campaigns(Vec<CampaignStatus>),
}

/// Watch the floor: each queue's waiting calls, counts, service level, rings and holds, each campaign's lines, answers and
/// abandoned calls, and each agent's state.
#[derive(Debug, Args)]
pub struct Top {
    /// Print one snapshot as text and exit
    #[arg(long)]
    once: bool,
}

impl Top {
    /// Runs the command.
    pub async fn run(self, access: &Access) -> anyhow::Result<()> {
        watch(access.target()?, self.once, Vec::new()).await
    }
}

/// Shows the wallboard of the floor that `target` reaches, with `notes` below it, until somebody leaves it.
pub async fn watch(target: Target, once: bool, notes: Vec<String>) -> anyhow::Result<()> {
    let client = Client::connect(&target).await?;
    let mut watch = client.watch_floor(0).await?;
    let mut board = Board::new(notes);
    let Some(snapshot) = watch.next().await? else {
        bail!("the server ended the stream before it said anything: is it shutting down?");
    };
    board.take(snapshot, clock::civil());
    board.campaigns = client.list_campaigns(CAMPAIGNS, String::new()).await?.0;
    if once {
        out::print(text::page(&board, clock::civil()));
        return Ok(());
    }
    let mut terminal = ratatui::try_init()?;
    let shown = show(&mut terminal, target, watch, board).await;
    ratatui::restore();
    shown
}

async fn show(
    terminal: &mut DefaultTerminal,
    target: Target,
    watch: FloorWatch,
    mut board: Board,
) -> anyhow::Result<()> {
    let (tell, mut told) = mpsc::channel(64);
    let asking = ask(target.clone(), tell.clone());
    let _asking = AbortOnDropHandle::new(tokio::spawn(asking));
    let watching = follow(target, watch, board.sequence, tell);
    let _watching = AbortOnDropHandle::new(tokio::spawn(watching));
    let mut keys = EventStream::new();
    let mut frames = tokio::time::interval(FRAME);
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        terminal.draw(|frame| wall::draw(frame, &board, clock::civil()))?;
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = frames.tick() => {}
            key = keys.next() => match key.transpose()? {
                Some(Event::Key(key)) if quits(key.code, key.modifiers) => return Ok(()),
                Some(_) => {}
                None => return Ok(()),
            },
            Some(news) = told.recv() => match news {
                Ok(News::Floor(update)) => board.take(*update, clock::civil()),
                Ok(News::Campaigns(all)) => board.campaigns = all,
                Err(error) if error.is_passing() => board.trouble = Some(error.to_string()),
                Err(error) => return Err(error.into()),
            },
        }
    }
}

fn quits(key: KeyCode, modifiers: KeyModifiers) -> bool {
    match key {
        KeyCode::Char('q') | KeyCode::Esc => true,
        KeyCode::Char('c') => modifiers.contains(KeyModifiers::CONTROL),
        _ => false,
    }
}

/// Tells every update, over as many streams as it takes. Ends where coming back cannot help, or nobody listens.
async fn follow(
    target: Target,
    watch: FloorWatch,
    mut sequence: u64,
    tell: mpsc::Sender<Result<News, ClientError>>,
) {
    let mut opened = Ok(watch);
    loop {
        let error = match opened {
            Ok(mut watch) => loop {
                match watch.next().await {
                    Ok(Some(update)) => {
                        sequence = update.sequence;
                        let update = News::Floor(Box::new(update));
                        if tell.send(Ok(update)).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            },
            Err(error) => Some(error),
        };
        if let Some(error) = error {
            let passing = error.is_passing();
            if tell.send(Err(error)).await.is_err() || !passing {
                return;
            }
        }
        clock::sleep(RETRY).await;
        opened = reopen(&target, sequence).await;
    }
}

/// Tells how the campaigns stand, for as long as somebody listens. What goes wrong is for [`follow`] to tell.
async fn ask(target: Target, tell: mpsc::Sender<Result<News, ClientError>>) {
    loop {
        if let Ok(client) = Client::connect(&target).await {
            while let Ok((all, _)) = client.list_campaigns(CAMPAIGNS, String::new()).await {
                if tell.send(Ok(News::Campaigns(all))).await.is_err() {
                    return;
                }
                clock::sleep(ASK).await;
            }
        }
        clock::sleep(RETRY).await;
    }
}

async fn reopen(target: &Target, after: u64) -> Result<FloorWatch, ClientError> {
    Client::connect(target).await?.watch_floor(after).await
}
