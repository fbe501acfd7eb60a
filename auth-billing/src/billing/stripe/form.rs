//! Bodies of requests to Stripe: forms whose names say where in the object a value stands, `payload[value]=7`.

use url::form_urlencoded::Serializer;

/// A form under construction.
#[derive(Default)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) fn with(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// The same, unless the value is empty.
    pub(super) fn with_some(self, name: &str, value: &str) -> Self {
        if value.is_empty() { self } else { self.with(name, value) }
    }

    pub(super) fn encoded(&self) -> String {
        let mut serializer = Serializer::new(String::new());
        serializer.extend_pairs(&self.0);
        serializer.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_encoded() {
        let form = Form::new()
            .with("payload[value]", 7)
            .with_some("name", "Kaia & Sønner")
            .with_some("email", "");
        assert_eq!(form.encoded(), "payload%5Bvalue%5D=7&name=Kaia+%26+S%C3%B8nner");
    }
}
