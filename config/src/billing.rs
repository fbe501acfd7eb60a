//! Who sends invoices, and Stripe, where an installation has it. Its keys show in no print and no log.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::objects::optional_secret;
use crate::{Error, Secret, Settings};

/// Invoices and Stripe.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BillingSettings {
    /// Name on invoices; empty: the provider's.
    pub seller_name: String,
    /// Address on invoices, a line each.
    pub seller_address: Vec<String>,
    /// Country on invoices, ISO 3166; empty: none.
    pub seller_country: String,
    /// VAT identification number on invoices; empty: none.
    pub seller_vat_id: String,
    /// Tax in hundredths of a percent, of customers who have none of their own.
    pub tax_rate_bp: i64,
    /// What numbers of invoices begin with.
    pub invoice_prefix: String,
    /// Hours after a month's end that the service closes it; 0: it does not.
    pub close_after_h: u32,
    /// Stripe's secret or restricted key; empty: there is no Stripe.
    pub stripe_api_key: Secret,
    /// File that holds the key.
    pub stripe_api_key_file: PathBuf,
    /// The secret of Stripe's webhooks; empty: none are heard.
    pub stripe_webhook_secret: Secret,
    /// File that holds the secret.
    pub stripe_webhook_secret_file: PathBuf,
    /// Where Stripe's API is.
    pub stripe_base: String,
}

/// How Stripe is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeAccess {
    /// Secret or restricted key.
    pub api_key: Secret,
    /// Where its API is.
    pub base: String,
}

impl BillingSettings {
    pub(crate) fn check(&self) -> Result<(), String> {
        if !(0..=10_000).contains(&self.tax_rate_bp) {
            return Err(format!(
                "billing.tax_rate_bp is {}; it is 0 to 10000 hundredths of a percent",
                self.tax_rate_bp
            ));
        }
        let prefix = &self.invoice_prefix;
        if prefix.len() > 20 || !prefix.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(format!(
                "billing.invoice_prefix '{prefix}' is not 20 or fewer letters, digits and dashes"
            ));
        }
        let base = &self.stripe_base;
        if !(base.starts_with("https://") || base.starts_with("http://127.0.0.1:")) || base.contains(['?', '#', ' ']) {
            return Err(format!(
                "billing.stripe_base '{base}' is not an https address without query"
            ));
        }
        Ok(())
    }
}

impl Settings {
    /// How Stripe is reached; `None`: there is no Stripe.
    pub fn stripe(&self) -> Result<Option<StripeAccess>, Error> {
        let billing = &self.billing;
        let key = optional_secret(
            "billing.stripe_api_key",
            &billing.stripe_api_key,
            &billing.stripe_api_key_file,
        )?;
        Ok(key.map(|api_key| StripeAccess {
            api_key,
            base: billing.stripe_base.clone(),
        }))
    }

    /// The secret of Stripe's webhooks; `None`: none are heard.
    pub fn stripe_webhook_secret(&self) -> Result<Option<Secret>, Error> {
        optional_secret(
            "billing.stripe_webhook_secret",
            &self.billing.stripe_webhook_secret,
            &self.billing.stripe_webhook_secret_file,
        )
    }

    /// Name on invoices.
    pub fn seller_name(&self) -> &str {
        match self.billing.seller_name.as_str() {
            "" => &self.provider.name,
            name => name,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Environment, load};

    struct Fixed(Vec<(&'static str, &'static str)>);
    impl Environment for Fixed {
        fn variables(&self) -> Vec<(String, String)> {
            self.0.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        }
    }

    #[test]
    fn the_keys_of_stripe_are_read_and_never_shown() {
        let settings = load(
            None,
            &Fixed(vec![
                ("STRIPE_API_KEY", "sk_live_1"),
                ("STRIPE_WEBHOOK_SECRET", "whsec_1"),
            ]),
        )
        .unwrap();
        assert_eq!(settings.stripe().unwrap().unwrap().api_key.reveal(), "sk_live_1");
        assert_eq!(settings.stripe_webhook_secret().unwrap().unwrap().reveal(), "whsec_1");
        let shown = format!("{settings:?} {}", toml::to_string(&settings).unwrap());
        assert!(!shown.contains("sk_live_1") && !shown.contains("whsec_1"), "{shown}");
        assert_eq!(load(None, &Fixed(vec![])).unwrap().stripe().unwrap(), None);
    }

    #[test]
    fn absurd_values_are_refused_by_name() {
        for (name, value) in [
            ("TAX_RATE_BP", "10001"),
            ("INVOICE_PREFIX", "a/b"),
            ("STRIPE_BASE", "http://stripe.example.org"),
        ] {
            let variable = Box::leak(format!("DRIFTLINE__BILLING__{name}").into_boxed_str());
            let error = load(None, &Fixed(vec![(variable, value)])).unwrap_err().to_string();
            assert!(error.contains(&name.to_lowercase()), "{error}");
        }
    }
}
