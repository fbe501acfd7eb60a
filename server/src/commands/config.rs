//! `driftline config`: what is in force, and whether a file can be used.

use anyhow::Context;
use clap::Subcommand;
use driftline_auth_billing::Outbound;

use crate::{Common, commands, ingest_settings, output};

/// Questions about the configuration.
#[derive(Subcommand)]
pub(crate) enum Config {
    /// Say whether the configuration can be used, with the files that it names; exit code 64 when not.
    Check(Common),
    /// Print the settings in force.
    Print(Common),
}

/// Answers them.
pub(crate) fn run(config: Config) -> anyhow::Result<()> {
    match config {
        Config::Check(common) => {
            let settings = common.settings()?;
            ingest_settings::sources(&settings.ingest)?;
            commands::coast(&settings)?;
            Outbound::new(&settings.outbound.allow).context("outbound.allow")?;
            output::line("the configuration is valid")
        }
        Config::Print(common) => {
            let settings = common.settings()?;
            if common.json {
                output::json(&settings)
            } else {
                output::line(toml::to_string(&settings)?.trim_end())
            }
        }
    }
}
