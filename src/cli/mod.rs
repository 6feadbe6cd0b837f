//! The command line: one command per file.

mod access;
mod agenda;
mod agent;
mod apply;
mod attempts;
mod audit;
mod callback;
mod calls;
mod campaign;
mod case;
mod compliance;
mod customer;
mod demo;
mod disposition;
mod dnc;
mod doctor;
mod events;
mod follow_up;
mod ids;
mod leads;
mod message;
mod out;
mod pages;
mod report;
mod sale;
mod serve;
mod simulate;
mod staff;
mod table;
mod token;
mod top;
mod trouble;
mod verdict;
mod webhooks;
mod words;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::Settings;

/// A contact-center engine: answers calls by the third ring, gives each to the right agent, and keeps what happened.
#[derive(Debug, Parser)]
#[command(name = "timbre", version, max_term_width = 100, propagate_version = true)]
struct Program {
    #[command(flatten)]
    access: access::Access,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a node: SIP, voice, gRPC and metrics
    Serve(Box<Settings>),
    /// Replace the floor by a definition in YAML, and say what changes
    Apply(apply::Apply),
    /// List calls, newest first, or show one with its timeline
    Calls(Box<calls::Calls>),
    /// Make, list and revoke the API's tokens, straight in the database
    Token(token::Token),
    /// Import leads, and see where they stand
    Leads(Box<leads::Leads>),
    /// Run campaigns, and see how they stand
    Campaign(Box<campaign::Campaign>),
    /// Stop and resume a trunk's outgoing calls (the kill switch against toll fraud); list its trouble
    Trunk(campaign::Trunk),
    /// Show the law as data, and what it says about a number or a lead
    Compliance(Box<compliance::Compliance>),
    /// Keep customers: show everything of one, search, import, merge, erase, export
    Customer(Box<customer::Customers>),
    /// Keep the lists of those who may not be called
    Dnc(Box<dnc::Dnc>),
    /// List dialed calls, newest first, or show one with the rules that permitted it
    Attempts(Box<attempts::Attempts>),
    /// Take and work complaints, compliments and suggestions
    Case(Box<case::Cases>),
    /// Take messages down, and see them answered
    Message(Box<message::Messages>),
    /// Promise calls, and see what becomes of them
    Callback(Box<callback::Callbacks>),
    /// List what an agent is to do, by due time
    Agenda(agenda::Agenda),
    /// Sales and what was promised in them
    Sale(Box<sale::Sales>),
    /// The checks after a sale (postventa)
    FollowUp(Box<follow_up::FollowUps>),
    /// How calls may be classified, and VICIdial's status codes in and out
    Disposition(disposition::Dispositions),
    /// Report on cases, follow-ups, first-contact resolution and satisfaction; make the yearly evaluation
    Report(Box<report::ReportCommand>),
    /// Export and verify the audit trail
    Audit(audit::Audit),
    /// Show what happened, as CloudEvents, and go on with what happens
    Events(events::Events),
    /// Watch the delivery of events and mail, and deliver again what failed
    Webhooks(webhooks::Webhooks),
    /// Say how many agents a promise to callers needs (Erlang A and C); needs no server
    Staff(staff::Staff),
    /// Try a campaign on virtual time before anybody is called; needs no server
    Simulate(simulate::Simulate),
    /// Work as an agent: a softphone's controls in the terminal
    Agent(agent::Agent),
    /// Watch the floor: a live wallboard in the terminal
    Top(top::Top),
    /// Show it all at work: a node on loopback with customers who call and agents who answer
    Demo(demo::Demonstration),
    /// Check what a node needs: ports, clock, disk, database, limits, addresses
    Doctor(Box<doctor::Doctor>),
}

/// Runs the program. 0: done; 1: it failed, and standard error says why and what to do; 2: the command line is wrong.
pub fn main() -> ExitCode {
    let Program { access, command } = Program::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let done = runtime.block_on(run(access, command));
    // A thread that still waits for a key of the terminal must not hold the program back.
    runtime.shutdown_background();
    done.unwrap_or_else(|error| failed(&error))
}

async fn run(access: access::Access, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(settings) => serve::run(*settings).await?,
        Command::Apply(it) => it.run(&access).await?,
        Command::Calls(it) => it.run(&access).await?,
        Command::Token(it) => it.run().await?,
        Command::Leads(it) => it.run(&access).await?,
        Command::Campaign(it) => it.run(&access).await?,
        Command::Trunk(it) => it.run(&access).await?,
        Command::Compliance(it) => it.run(&access).await?,
        Command::Customer(it) => it.run(&access).await?,
        Command::Dnc(it) => it.run(&access).await?,
        Command::Attempts(it) => it.run(&access).await?,
        Command::Case(it) => it.run(&access).await?,
        Command::Message(it) => it.run(&access).await?,
        Command::Callback(it) => it.run(&access).await?,
        Command::Agenda(it) => it.run(&access).await?,
        Command::Sale(it) => it.run(&access).await?,
        Command::FollowUp(it) => it.run(&access).await?,
        Command::Disposition(it) => it.run(&access).await?,
        Command::Report(it) => it.run(&access).await?,
        Command::Audit(it) => it.run(&access).await?,
        Command::Events(it) => it.run(&access).await?,
        Command::Webhooks(it) => it.run(&access).await?,
        Command::Staff(it) => it.run()?,
        Command::Simulate(it) => return it.run().await,
        Command::Agent(it) => it.run(&access).await?,
        Command::Top(it) => it.run(&access).await?,
        Command::Demo(it) => it.run().await?,
        Command::Doctor(it) => return it.run(&access).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("timbre: {error:#}");
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        super::Program::command().debug_assert();
    }
}
