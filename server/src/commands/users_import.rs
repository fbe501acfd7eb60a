//! `driftline users import`: people of another system, one JSON object a line, with the password hashes that it has (bcrypt or
//! Argon2id). They log in with the passwords that they have. A line that cannot be taken over is told with its number, and the
//! others are; the command can be repeated, since who is there already stays as it is.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use driftline_auth_billing::{Given, Identity, NewMember};
use driftline_database::{Database, Role};
use driftline_domain::OrgId;
use serde::Deserialize;
use serde_json::json;

use crate::commands::orgs::organisation;
use crate::{Common, commands, identity, output};

/// Bytes of a line at most.
const LINE_MAX: usize = 16_384;

/// Who is taken over.
#[derive(Args)]
pub(crate) struct ImportArguments {
    /// File with a JSON object a line: email, hash, org, and perhaps name, role (viewer) and verified (false).
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// A line of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    email: String,
    hash: String,
    org: String,
    #[serde(default)]
    name: String,
    role: Option<String>,
    /// Whether the other system knows that the mail address is the person's.
    #[serde(default)]
    verified: bool,
}

/// Does it.
pub(crate) async fn import(arguments: &ImportArguments) -> anyhow::Result<()> {
    let path = arguments.file.display();
    let file = std::fs::File::open(&arguments.file).with_context(|| format!("cannot open {path}"))?;
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let people = identity::open(&settings, &database).await?;
    let mut organisations = HashMap::new();
    let (mut imported, mut refused) = (0_u64, Vec::new());
    for (number, text) in (1_u64..).zip(BufReader::new(file).lines()) {
        let text = text.with_context(|| format!("cannot read line {number} of {path}"))?;
        if text.trim().is_empty() {
            continue;
        }
        match take_over(&people, &database, &mut organisations, &text).await {
            Ok(()) => imported += 1,
            Err(error) => refused.push((number, format!("{error:#}"))),
        }
    }
    database.close().await;
    if arguments.common.json {
        let refused: Vec<_> = refused
            .iter()
            .map(|(line, cause)| json!({ "line": line, "cause": cause }))
            .collect();
        output::json(&json!({ "imported": imported, "refused": refused }))?;
    } else {
        for (number, cause) in &refused {
            output::line(&format!("line {number}: {cause}"))?;
        }
        output::line(&format!("{imported} imported, {} not", refused.len()))?;
    }
    if refused.is_empty() {
        Ok(())
    } else {
        bail!("{} lines of {path} were not taken over", refused.len())
    }
}

async fn take_over(
    people: &Identity,
    database: &Database,
    organisations: &mut HashMap<String, OrgId>,
    text: &str,
) -> anyhow::Result<()> {
    if text.len() > LINE_MAX {
        bail!("the line is longer than {LINE_MAX} bytes");
    }
    // Without the reader's own words, which may repeat a hash.
    let Ok(line) = serde_json::from_str::<Line>(text) else {
        bail!("it is no JSON object with email, hash and org, and perhaps name, role and verified");
    };
    let role = line.role.as_deref().unwrap_or(Role::Viewer.name());
    let Some(role) = Role::of_name(role) else {
        let known = Role::ALL.map(Role::name).join(", ");
        bail!("'{role}' is no role; the roles are {known}");
    };
    let org = match organisations.get(&line.org) {
        Some(org) => *org,
        None => {
            let found = organisation(database, &line.org).await?.id;
            organisations.insert(line.org.clone(), found);
            found
        }
    };
    people
        .make_member(&NewMember {
            org,
            email: &line.email,
            name: &line.name,
            role,
            password: Some(Given::Hashed(&line.hash)),
            is_verified: line.verified,
            is_superadmin: false,
        })
        .await?;
    Ok(())
}
