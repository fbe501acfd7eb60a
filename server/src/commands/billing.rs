//! `driftline billing`: plans, who has which, credit, closing months, invoices as PDF, and Stripe.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use driftline_auth_billing::{InvoiceDocument, Month, amount, chain, close_month, invoice_pdf};
use driftline_config::Settings;
use driftline_database::{AccountDetails, Database, Invoice, PlanTerms};
use driftline_domain::OrgId;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::commands::orgs::{any_organisation, organisation};
use crate::{Common, billing, commands, identity, output};

/// Work on bills.
#[derive(Subcommand)]
pub(crate) enum Billing {
    /// List the plans.
    Plans(PlansArguments),
    /// Make a plan, or its next version.
    Plan(PlanArguments),
    /// Give an organisation a plan: at once if it has none, otherwise from the next month on.
    Assign(AssignArguments),
    /// Set what stands on an organisation's invoices.
    Account(AccountArguments),
    /// Add prepaid credit.
    Grant(GrantArguments),
    /// Close a month: make the invoices of those who had a plan in it.
    Close(CloseArguments),
    /// List an organisation's invoices, and write them as PDF.
    Invoices(InvoicesArguments),
    /// Tell Stripe now what is new, and say what waits.
    Stripe(StripeArguments),
}

/// Nothing but where.
#[derive(Args)]
pub(crate) struct PlansArguments {
    #[command(flatten)]
    common: Common,
}

/// The plan.
#[derive(Args)]
pub(crate) struct PlanArguments {
    /// Its name: lower-case letters, digits and dashes.
    name: String,
    /// Its terms (TOML, docs/billing.md).
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// Who gets what.
#[derive(Args)]
pub(crate) struct AssignArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// Plan, by name.
    #[arg(long, required_unless_present = "none")]
    plan: Option<String>,
    /// No plan any more when the month ends.
    #[arg(long, conflicts_with = "plan")]
    none: bool,
    #[command(flatten)]
    common: Common,
}

/// Whose invoices say what.
#[derive(Args)]
pub(crate) struct AccountArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// What invoices say (TOML, docs/billing.md).
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    common: Common,
}

/// How much credit.
#[derive(Args)]
pub(crate) struct GrantArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// Particle-hours.
    #[arg(long)]
    units: i64,
    /// What it is for, such as a transfer; the same reference adds credit once.
    #[arg(long)]
    reference: String,
    #[command(flatten)]
    common: Common,
}

/// Which month.
#[derive(Args)]
pub(crate) struct CloseArguments {
    /// Such as 2026-01; without it the month before the current one.
    #[arg(long, value_name = "MONTH")]
    month: Option<Month>,
    /// One organisation alone, by name.
    #[arg(long)]
    org: Option<String>,
    #[command(flatten)]
    common: Common,
}

/// Whose invoices.
#[derive(Args)]
pub(crate) struct InvoicesArguments {
    /// Organisation, by name.
    #[arg(long)]
    org: String,
    /// Folder for their PDFs.
    #[arg(long, value_name = "FOLDER")]
    pdf: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

/// How.
#[derive(Args)]
pub(crate) struct StripeArguments {
    /// Send again what Stripe refused.
    #[arg(long)]
    retry: bool,
    #[command(flatten)]
    common: Common,
}

/// Does it.
pub(crate) fn run(billing: Billing) -> anyhow::Result<()> {
    let runtime = commands::runtime()?;
    match billing {
        Billing::Plans(arguments) => runtime.block_on(plans(&arguments)),
        Billing::Plan(arguments) => runtime.block_on(plan(&arguments)),
        Billing::Assign(arguments) => runtime.block_on(assign(&arguments)),
        Billing::Account(arguments) => runtime.block_on(account(&arguments)),
        Billing::Grant(arguments) => runtime.block_on(grant(&arguments)),
        Billing::Close(arguments) => runtime.block_on(close(&arguments)),
        Billing::Invoices(arguments) => runtime.block_on(invoices(&arguments)),
        Billing::Stripe(arguments) => runtime.block_on(stripe(&arguments)),
    }
}

/// With the master key: what is personal of who pays is sealed.
async fn open(settings: &Settings) -> anyhow::Result<Database> {
    let database = commands::open_installation(settings).await?;
    Ok(identity::open(settings, &database).await?.sealed_database())
}

fn read<T: DeserializeOwned>(file: &Path) -> anyhow::Result<T> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not of the expected form", file.display()))
}

/// Prints a line, or the same as JSON.
fn say(common: &Common, line: &str, value: &Value) -> anyhow::Result<()> {
    if common.json {
        output::json(value)
    } else {
        output::line(line)
    }
}

async fn plans(arguments: &PlansArguments) -> anyhow::Result<()> {
    let database = open(&arguments.common.settings()?).await?;
    let plans = database.plans().await?;
    database.close().await;
    if arguments.common.json {
        return output::json(&json!({ "plans": plans }));
    }
    plans.iter().try_for_each(|plan| {
        let monthly = amount(plan.terms.monthly_minor, &plan.terms.currency);
        let prepaid = if plan.terms.prepaid { " prepaid" } else { "" };
        output::line(&format!(
            "{} version {} {monthly} a month{prepaid}: {}",
            plan.name, plan.version, plan.terms.title
        ))
    })
}

async fn plan(arguments: &PlanArguments) -> anyhow::Result<()> {
    let terms: PlanTerms = read(&arguments.file)?;
    let database = open(&arguments.common.settings()?).await?;
    let plan = database.put_plan(&arguments.name, &terms, Timestamp::now()).await?;
    database.close().await;
    let line = format!("{} version {}", plan.name, plan.version);
    say(&arguments.common, &line, &json!({ "plan": plan }))
}

async fn assign(arguments: &AssignArguments) -> anyhow::Result<()> {
    let database = open(&arguments.common.settings()?).await?;
    let org = organisation(&database, &arguments.org).await?;
    let given = database
        .assign_plan(org.id, arguments.plan.as_deref(), Timestamp::now())
        .await?;
    database.close().await;
    let (line, value) = match given {
        Some(given) => (
            format!(
                "{} version {} from {}",
                given.plan.name, given.plan.version, given.starts_at
            ),
            json!({"org": org.id, "plan": given.plan.name, "version": given.plan.version, "starts_at": given.starts_at}),
        ),
        None => (
            "no plan from the next month on".to_owned(),
            json!({"org": org.id, "plan": null}),
        ),
    };
    say(&arguments.common, &line, &value)
}

async fn account(arguments: &AccountArguments) -> anyhow::Result<()> {
    let details: AccountDetails = read(&arguments.file)?;
    let database = open(&arguments.common.settings()?).await?;
    let org = any_organisation(&database, &arguments.org).await?;
    database.set_account(org.id, &details, Timestamp::now()).await?;
    database.close().await;
    // What was read is personal: it is not repeated.
    say(&arguments.common, "set", &json!({"org": org.id}))
}

async fn grant(arguments: &GrantArguments) -> anyhow::Result<()> {
    let database = open(&arguments.common.settings()?).await?;
    let org = any_organisation(&database, &arguments.org).await?;
    let balance = database
        .grant_credit(org.id, arguments.units, &arguments.reference, Timestamp::now())
        .await?;
    database.close().await;
    let line = format!("the balance is {balance}");
    say(&arguments.common, &line, &json!({"org": org.id, "balance": balance}))
}

async fn close(arguments: &CloseArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let now = Timestamp::now();
    let month = match arguments.month {
        Some(month) => month,
        None => Month::of(now)?.before()?,
    };
    let database = open(&settings).await?;
    let only: Option<OrgId> = match &arguments.org {
        Some(name) => Some(any_organisation(&database, name).await?.id),
        None => None,
    };
    let closing = close_month(&database, only, month, &billing::seller(&settings), now).await?;
    database.close().await;
    list(&arguments.common, &closing.invoices)?;
    if closing.failed.is_empty() {
        return Ok(());
    }
    let failed = closing.failed.iter();
    let whose: Vec<String> = failed.map(|(org, error)| format!("{org}: {}", chain(error))).collect();
    bail!("{month} could not be closed for {}: {}", whose.len(), whose.join("; "))
}

async fn invoices(arguments: &InvoicesArguments) -> anyhow::Result<()> {
    let database = open(&arguments.common.settings()?).await?;
    let org = any_organisation(&database, &arguments.org).await?;
    let invoices = database.invoices(org.id, i64::MAX, 10_000).await?;
    database.close().await;
    if let Some(folder) = &arguments.pdf {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
        for invoice in &invoices {
            write_pdf(folder, invoice)?;
        }
    }
    list(&arguments.common, &invoices)
}

fn write_pdf(folder: &Path, invoice: &Invoice) -> anyhow::Result<()> {
    let document: InvoiceDocument = serde_json::from_value(invoice.document.clone())
        .with_context(|| format!("the stored invoice {} does not read back", invoice.number))?;
    let bytes = invoice_pdf(&document, env!("CARGO_PKG_VERSION"))?;
    let file = folder.join(format!("invoice-{:06}.pdf", invoice.number));
    std::fs::write(&file, bytes).with_context(|| format!("cannot write {}", file.display()))
}

fn list(common: &Common, invoices: &[Invoice]) -> anyhow::Result<()> {
    if common.json {
        let shown: Vec<_> = invoices
            .iter()
            .map(|invoice| json!({"id": invoice.id, "org": invoice.org, "number": invoice.number, "invoice": invoice.document}))
            .collect();
        return output::json(&json!({ "invoices": shown }));
    }
    invoices.iter().try_for_each(|invoice| {
        output::line(&format!(
            "{} {} {} {} {}",
            invoice.document["number"].as_str().unwrap_or_default(),
            invoice.period_from.strftime("%Y-%m"),
            invoice.org,
            invoice.id,
            amount(invoice.total_minor, &invoice.currency)
        ))
    })
}

async fn stripe(arguments: &StripeArguments) -> anyhow::Result<()> {
    let settings = arguments.common.settings()?;
    let database = open(&settings).await?;
    let Some(sync) = billing::stripe(&settings, &database)? else {
        bail!("billing.stripe_api_key is empty: there is no Stripe");
    };
    if arguments.retry {
        database.retry_refused_meter_events(Timestamp::now()).await?;
    }
    let passed = sync.pass().await?;
    let (waiting, refused) = database.meter_events_waiting().await?;
    database.close().await;
    let line = format!(
        "{} plans and payment methods, {} differences of usage new, {} told; {waiting} wait, {refused} were refused",
        passed.accounts, passed.queued, passed.told
    );
    let value = json!({"accounts": passed.accounts, "queued": passed.queued, "told": passed.told,
        "waiting": waiting, "refused": refused});
    say(&arguments.common, &line, &value)
}
