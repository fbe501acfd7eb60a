//! Environment variables: `DRIFTLINE__SECTION__KEY` for any setting, and the names that operators already expect.

use crate::Error;

/// Where environment variables come from; a fake in tests.
pub trait Environment {
    /// Every variable.
    fn variables(&self) -> Vec<(String, String)>;
}

/// The environment of this process.
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn variables(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }
}

/// Names from before Driftline (contract.md, "Settings") and the setting each stands for.
const EXPECTED_NAMES: &[(&str, &str)] = &[
    ("CORS_ORIGINS", "server.cors_origins"),
    ("DATABASE_URL", "database.url"),
    ("DATABASE_URL_FILE", "database.url_file"),
    ("DRIFTLINE_MASTER_KEY", "identity.master_key"),
    ("DRIFTLINE_MASTER_KEY_FILE", "identity.master_key_file"),
    ("JWT_EXPIRATION_MINUTES", "identity.access_minutes"),
    ("LOG_LEVEL", "log.level"),
    ("MAX_CONCURRENT_JOBS", "missions.max_concurrent_jobs"),
    ("NATS_URL", "nats.url"),
    ("NATS_URL_FILE", "nats.url_file"),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "traces.endpoint"),
    ("OTEL_SERVICE_NAME", "traces.service_name"),
    ("PUBLIC_BASE_URL", "server.public_base_url"),
    ("S3_ACCESS_KEY", "s3.access_key"),
    ("S3_ACCESS_KEY_FILE", "s3.access_key_file"),
    ("S3_ENDPOINT", "s3.endpoint"),
    ("S3_SECRET_KEY", "s3.secret_key"),
    ("S3_SECRET_KEY_FILE", "s3.secret_key_file"),
    ("SMTP_HOST", "mail.host"),
    ("SMTP_PASSWORD", "mail.password"),
    ("SMTP_PASSWORD_FILE", "mail.password_file"),
    ("SMTP_PORT", "mail.port"),
    ("SMTP_USER", "mail.user"),
    ("STRIPE_API_KEY", "billing.stripe_api_key"),
    ("STRIPE_API_KEY_FILE", "billing.stripe_api_key_file"),
    ("STRIPE_WEBHOOK_SECRET", "billing.stripe_webhook_secret"),
    ("STRIPE_WEBHOOK_SECRET_FILE", "billing.stripe_webhook_secret_file"),
];

const PREFIX: &str = "DRIFTLINE__";

/// Variables that override a setting: name, path of the setting, value. The `DRIFTLINE__` form comes last and wins.
pub(crate) fn overrides(environment: &dyn Environment) -> Vec<(String, Vec<String>, String)> {
    let mut variables = environment.variables();
    variables.sort();
    let path = |text: &str, separator: &str| text.split(separator).map(str::to_lowercase).collect();
    let mut found = Vec::new();
    for (name, value) in &variables {
        if let Some((_, setting)) = EXPECTED_NAMES.iter().find(|(expected, _)| expected == name) {
            found.push((name.clone(), path(setting, "."), value.clone()));
        }
    }
    for (name, value) in &variables {
        if let Some(setting) = name.strip_prefix(PREFIX) {
            found.push((name.clone(), path(setting, "__"), value.clone()));
        }
    }
    found
}

/// Sets one value, in the type of the default where that is a number, a truth value or a list (separated by commas).
pub(crate) fn apply(table: &mut toml::Table, variable: &str, path: &[String], value: &str) -> Result<(), Error> {
    let invalid = |message: String| Error::Invalid {
        origin: format!("environment variable {variable}"),
        message,
    };
    let [section, key] = path else {
        return Err(invalid(format!(
            "{} is not of the form DRIFTLINE__SECTION__KEY",
            path.join(".")
        )));
    };
    let Some(toml::Value::Table(section_table)) = table.get_mut(section) else {
        return Err(invalid(format!("there is no section {section}")));
    };
    let typed = match section_table.get(key) {
        Some(toml::Value::Integer(_)) => toml::Value::Integer(
            value
                .parse()
                .map_err(|error| invalid(format!("{key} = '{value}': {error}")))?,
        ),
        Some(toml::Value::Float(_)) => toml::Value::Float(
            value
                .parse()
                .map_err(|error| invalid(format!("{key} = '{value}': {error}")))?,
        ),
        Some(toml::Value::Boolean(_)) => toml::Value::Boolean(
            value
                .parse()
                .map_err(|error| invalid(format!("{key} = '{value}': {error}")))?,
        ),
        Some(toml::Value::Array(_)) => {
            let items = value.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
        _ => toml::Value::String(value.to_owned()),
    };
    section_table.insert(key.clone(), typed);
    Ok(())
}
