//! The binary: a table of roles and commands. Reads the configuration, builds the parts, wires them, shuts them down.

mod app;
mod backup;
mod basemap;
mod billing;
mod bus;
mod commands;
mod connections;
mod cot;
mod forcing_fields;
mod forcing_maps;
mod guards;
mod identity;
mod ingest_settings;
mod leftovers;
mod logging;
mod metrics;
mod node;
mod operations;
mod output;
mod page;
mod readiness;
mod roles;
mod scheduling;
mod seams;
mod stopping;
mod traces;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use driftline_config::{ProcessEnvironment, Settings};

/// Drift forecasts for search and rescue: forcing in, search areas out.
#[derive(Parser)]
#[command(name = "driftline", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the service.
    Serve(commands::serve::Arguments),
    /// Take forcing in.
    #[command(subcommand)]
    Ingest(commands::ingest::Ingest),
    /// List published forcing cycles.
    Catalog(commands::catalog::Arguments),
    /// Compute one drift forecast without the service.
    Simulate(Box<commands::simulate::Arguments>),
    /// Score how well one buoy's track follows another's (Liu and Weisberg 2011).
    Skill(commands::skill::Arguments),
    /// Organisations.
    #[command(subcommand)]
    Orgs(commands::orgs::Orgs),
    /// API keys.
    #[command(subcommand)]
    Keys(commands::keys::Keys),
    /// People.
    #[command(subcommand)]
    Users(commands::users::Users),
    /// The queue of missions.
    #[command(subcommand)]
    Jobs(commands::jobs::Jobs),
    /// What organisations may use of a meter.
    #[command(subcommand)]
    Quotas(commands::quotas::Quotas),
    /// The live feed for TAK.
    #[command(subcommand)]
    Cot(commands::cot::Cot),
    /// Plans, credit and invoices.
    #[command(subcommand)]
    Billing(commands::billing::Billing),
    /// Read the usage ledger.
    Usage(commands::usage::Arguments),
    /// Save the installation into a folder, while it runs.
    Backup(commands::backup::Arguments),
    /// Make an empty installation what a backup holds.
    Restore(commands::restore::Arguments),
    /// Say whether a backup is whole; exit code 0 when it is.
    Verify(commands::verify::Arguments),
    /// The database as a whole.
    #[command(subcommand)]
    Database(commands::database::DatabaseCommand),
    /// Configuration.
    #[command(subcommand)]
    Config(commands::config::Config),
    /// The coastline.
    #[command(subcommand)]
    Coast(commands::coast::Coast),
    /// Ask a running service whether it is well; exit code 0 when it is.
    Healthcheck(commands::healthcheck::Arguments),
}

/// Options that every command with data shares.
#[derive(Args, Clone, Default)]
struct Common {
    /// Configuration file; the built-in default is `config/driftline.toml`.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder of database, forcing, results and usage log.
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

impl Common {
    /// Settings in force: default, file, environment, and these options.
    fn settings(&self) -> Result<Settings, driftline_config::Error> {
        let mut settings = driftline_config::load(self.config.as_deref(), &ProcessEnvironment)?;
        if let Some(data_dir) = &self.data_dir {
            settings.store.data_dir = data_dir.clone();
        }
        Ok(settings)
    }
}

/// Exit code for a configuration that cannot be used (sysexits: EX_USAGE).
const BAD_CONFIGURATION: u8 = 64;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        Command::Serve(arguments) => commands::serve::run(arguments),
        Command::Ingest(ingest) => commands::ingest::run(ingest),
        Command::Catalog(arguments) => commands::catalog::run(&arguments),
        Command::Simulate(arguments) => commands::simulate::run(&arguments),
        Command::Skill(arguments) => commands::skill::run(&arguments),
        Command::Orgs(orgs) => commands::orgs::run(orgs),
        Command::Keys(keys) => commands::keys::run(keys),
        Command::Users(users) => commands::users::run(users),
        Command::Jobs(jobs) => commands::jobs::run(jobs),
        Command::Quotas(quotas) => commands::quotas::run(quotas),
        Command::Cot(cot) => commands::cot::run(cot),
        Command::Billing(billing) => commands::billing::run(billing),
        Command::Usage(arguments) => commands::usage::run(&arguments),
        Command::Backup(arguments) => commands::backup::run(&arguments),
        Command::Restore(arguments) => commands::restore::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments),
        Command::Database(command) => commands::database::run(command),
        Command::Config(config) => commands::config::run(config),
        Command::Coast(coast) => commands::coast::run(coast),
        Command::Healthcheck(arguments) => commands::healthcheck::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::failure(&error);
            let is_configuration = error.downcast_ref::<driftline_config::Error>().is_some();
            if is_configuration {
                ExitCode::from(BAD_CONFIGURATION)
            } else {
                ExitCode::FAILURE
            }
        }
    }
}
