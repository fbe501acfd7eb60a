//! `driftline users`: the first person of an organisation, and help for those who cannot help themselves. Passwords come
//! from standard input or are set by the person, by a link that is printed once.

use std::io::Read;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use driftline_auth_billing::{Given, Identity};
use driftline_database::Role;
use serde_json::json;

use crate::commands::orgs::organisation;
use crate::commands::users_import::{self, ImportArguments};
use crate::{Common, commands, identity, output};

/// Work on people.
#[derive(Subcommand)]
pub(crate) enum Users {
    /// Make a person a member of an organisation, with an account where there is none.
    Create(CreateArguments),
    /// Take people over from another system, with their password hashes: one JSON object a line.
    Import(ImportArguments),
    /// List an organisation's members, with masked mail addresses.
    List(ListArguments),
    /// Print a link by which a person sets a new password, once.
    ResetPassword(PersonArguments),
    /// Take a person's second factor away, for who has lost it and the recovery codes.
    ResetSecondFactor(PersonArguments),
}

/// The new member.
#[derive(Args)]
pub(crate) struct CreateArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// Mail address.
    #[arg(long)]
    email: String,
    /// org_admin, operator, mission_owner, analyst or viewer.
    #[arg(long, default_value = "viewer")]
    role: String,
    /// Name of the person.
    #[arg(long, default_value = "")]
    name: String,
    /// Read the password from standard input; without it a link is printed by which the person sets one.
    #[arg(long)]
    password_stdin: bool,
    /// The person runs the installation.
    #[arg(long)]
    superadmin: bool,
    #[command(flatten)]
    common: Common,
}

/// Whose members.
#[derive(Args)]
pub(crate) struct ListArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    #[command(flatten)]
    common: Common,
}

/// Which person.
#[derive(Args)]
pub(crate) struct PersonArguments {
    /// Mail address.
    #[arg(long)]
    email: String,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(users: Users) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match users {
        Users::Create(arguments) => runtime.block_on(create(&arguments)),
        Users::Import(arguments) => runtime.block_on(users_import::import(&arguments)),
        Users::List(arguments) => runtime.block_on(list(&arguments)),
        Users::ResetPassword(arguments) => runtime.block_on(reset_password(&arguments)),
        Users::ResetSecondFactor(arguments) => runtime.block_on(reset_second_factor(&arguments)),
    }
}

async fn create(arguments: &CreateArguments) -> anyhow::Result<()> {
    let Some(role) = Role::of_name(&arguments.role) else {
        let known = Role::ALL.map(Role::name).join(", ");
        bail!("'{}' is no role; the roles are {known}", arguments.role);
    };
    let password = if arguments.password_stdin {
        Some(password_of_stdin()?)
    } else {
        None
    };
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let org = organisation(&database, &arguments.org).await?;
    let people = identity::open(&settings, &database).await?;
    let made = people
        .make_member(&driftline_auth_billing::NewMember {
            org: org.id,
            email: &arguments.email,
            name: &arguments.name,
            role,
            password: password.as_deref().map(Given::Plain),
            is_verified: true,
            is_superadmin: arguments.superadmin,
        })
        .await?;
    database.close().await;
    let link = made.token.as_deref().map(|token| link(&people, token));
    if arguments.common.json {
        return output::json(&json!({
            "user": made.user, "org": org.id, "role": role.name(), "new_account": made.is_new,
            "token": made.token, "link": link
        }));
    }
    output::line(&format!("{} {} of {}", made.user, role.name(), org.name))?;
    match link {
        Some(link) => output::line(&format!("to set the password, once and within 24 hours: {link}")),
        None => Ok(()),
    }
}

/// Where a person sets the password; without a public address the token alone.
fn link(people: &Identity, token: &str) -> String {
    match &people.settings().public_base {
        Some(base) => format!("{base}/#password-reset={token}"),
        None => format!("POST /v1/auth/password-reset/confirm with the token {token}"),
    }
}

fn password_of_stdin() -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(4_096)
        .read_to_string(&mut text)
        .context("cannot read the password")?;
    let password = text.trim_end_matches(['\r', '\n']).to_owned();
    if password.is_empty() {
        bail!("there is no password on standard input");
    }
    Ok(password)
}

async fn list(arguments: &ListArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let org = organisation(&database, &arguments.org).await?;
    let people = identity::open(&settings, &database).await?;
    let members = people.masked_members(org.id).await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({ "members": members }));
    }
    members.iter().try_for_each(|member| {
        output::line(&format!(
            "{} {} {} since {}",
            member.user, member.email, member.role, member.since
        ))
    })
}

async fn reset_password(arguments: &PersonArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let people = identity::open(&settings, &database).await?;
    let (user, token) = people.make_reset(&arguments.email).await?;
    database.close().await;
    let link = link(&people, &token);
    if arguments.common.json {
        output::json(&json!({ "user": user, "token": token, "link": link }))
    } else {
        output::line(&format!(
            "to set the password of {user}, once and within 24 hours: {link}"
        ))
    }
}

async fn reset_second_factor(arguments: &PersonArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let people = identity::open(&settings, &database).await?;
    let user = people.remove_second_factor(&arguments.email).await?;
    database.close().await;
    if arguments.common.json {
        output::json(&json!({ "user": user, "second_factor": false }))
    } else {
        output::line(&format!("{user} logs in without a second factor"))
    }
}
