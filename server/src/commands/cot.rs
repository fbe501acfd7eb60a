//! `driftline cot`: certificates of the CoT feed. A client's certificate is registered for its organisation like a key:
//! `driftline keys list` shows it and `driftline keys revoke` ends it.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, Subcommand};
use driftline_auth_billing::{certificate_sha256, register_certificate};
use driftline_config::Settings;
use driftline_database::{ApiKey, Database};
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;

use super::orgs::organisation;
use crate::cot::authority::{self, write_new};
use crate::{Common, commands, output};

/// Work on the CoT feed.
#[derive(Subcommand)]
pub(crate) enum Cot {
    /// Certificates.
    #[command(subcommand)]
    Certificates(Certificates),
}

/// Work on certificates.
#[derive(Subcommand)]
pub(crate) enum Certificates {
    /// Make an authority and a server certificate in the data directory.
    Init(InitArguments),
    /// Make a client certificate and register it for an organisation.
    Client(ClientArguments),
    /// Register a client certificate that another authority has signed.
    Register(RegisterArguments),
}

/// The server.
#[derive(Args)]
pub(crate) struct InitArguments {
    /// Name or address by which clients reach the server. Can be given more than once.
    #[arg(long, required = true)]
    host: Vec<String>,
    #[command(flatten)]
    common: Common,
}

/// The new client certificate.
#[derive(Args)]
pub(crate) struct ClientArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// What the certificate is called: letters, digits, '-', '_' and '.'.
    #[arg(long)]
    name: String,
    /// Folder for NAME.pem and NAME-key.pem.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Days that it works.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(i64).range(1..=3_650))]
    days: i64,
    #[command(flatten)]
    common: Common,
}

/// A certificate that is there.
#[derive(Args)]
pub(crate) struct RegisterArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// What the certificate is called.
    #[arg(long)]
    name: String,
    /// The certificate (PEM).
    #[arg(long, value_name = "FILE")]
    certificate: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(cot: Cot) -> anyhow::Result<()> {
    let Cot::Certificates(certificates) = cot;
    match certificates {
        Certificates::Init(arguments) => init(&arguments),
        Certificates::Client(arguments) => commands::runtime()?.block_on(client(&arguments)),
        Certificates::Register(arguments) => commands::runtime()?.block_on(register(&arguments)),
    }
}

fn ca_key(settings: &Settings) -> PathBuf {
    settings.store.data_dir.join("cot").join("ca-key.pem")
}

fn init(arguments: &InitArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    commands::create_data_dir(&settings.store.data_dir.join("cot"))?;
    let files = settings.cot_files();
    authority::create(&files, &ca_key(&settings), &arguments.host)?;
    if arguments.common.json {
        return output::json(&json!({
            "ca": files.client_ca, "ca_key": ca_key(&settings), "certificate": files.certificate, "key": files.key
        }));
    }
    output::line(&format!(
        "made the authority {} and the server certificate {}",
        files.client_ca.display(),
        files.certificate.display()
    ))
}

async fn client(arguments: &ClientArguments) -> anyhow::Result<()> {
    let name = &arguments.name;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    anyhow::ensure!(
        !name.is_empty() && name.len() <= 64 && !name.starts_with('.') && name.bytes().all(is_plain),
        "'{name}' is no name for a certificate: it has 1 to 64 letters, digits, '-', '_' and '.', and does not begin with '.'"
    );
    let settings = arguments.common.settings()?;
    let database = commands::open_installation(&settings).await?;
    let org = organisation(&database, &arguments.org).await?;
    let made = authority::client(&ca_key(&settings), name, &org.name, arguments.days)?;
    std::fs::create_dir_all(&arguments.out).with_context(|| format!("cannot create {}", arguments.out.display()))?;
    let (certificate, key) = (
        arguments.out.join(format!("{name}.pem")),
        arguments.out.join(format!("{name}-key.pem")),
    );
    write_new(&key, made.key_pem.as_bytes(), true)?;
    write_new(&certificate, made.certificate.pem().as_bytes(), false)?;
    let now = Timestamp::now();
    let expires = now.checked_add((arguments.days * 24).hours())?;
    let row = register_certificate(&database, org.id, name, made.certificate.der(), Some(expires), now).await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({
            "id": row.id, "org": row.org, "name": row.name, "expires_at": row.expires_at, "sha256": hex(&row.sha256),
            "certificate": certificate, "key": key, "ca": settings.cot_files().client_ca
        }));
    }
    output::line(&format!("{} {} {}", row.id, certificate.display(), key.display()))
}

async fn register(arguments: &RegisterArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let file = &arguments.certificate;
    let der = CertificateDer::from_pem_file(file).with_context(|| format!("cannot read {}", file.display()))?;
    let database = commands::open_installation(&settings).await?;
    let row = registered(&database, arguments, &der).await?;
    database.close().await;
    if arguments.common.json {
        output::json(&json!({
            "id": row.id, "org": row.org, "name": row.name, "sha256": hex(&certificate_sha256(&der))
        }))
    } else {
        output::line(&format!("{} registered for {}", row.id, arguments.org))
    }
}

async fn registered(database: &Database, arguments: &RegisterArguments, der: &[u8]) -> anyhow::Result<ApiKey> {
    let org = organisation(database, &arguments.org).await?;
    // How long it lasts stands in the certificate, and the handshake holds to it.
    Ok(register_certificate(database, org.id, &arguments.name, der, None, Timestamp::now()).await?)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
