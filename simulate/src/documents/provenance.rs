//! What every document says of the run that it was made of: names and texts, in a fixed order.

use serde_json::Value;

use super::RunView;

impl RunView {
    /// Name and value of everything that tells how the run came about.
    pub fn provenance(&self) -> Vec<(&'static str, String)> {
        let (label, summary) = (&self.label, &self.summary);
        let error = &summary["current_error"];
        let mut pairs = vec![
            ("mission_id", label.mission_id.to_string()),
            ("mission_name", self.spec.name.clone().unwrap_or_default()),
            ("run_id", label.run_id.to_string()),
            ("issued", label.issued.to_string()),
            ("valid_from", self.spec.time.to_string()),
            ("valid_until", self.valid_until().to_string()),
            ("object_code", label.object.key.to_owned()),
            ("object_name", label.object.description.to_owned()),
            ("mode", text(&summary["mode"])),
            ("seed", label.seed.to_string()),
            ("particles", text(&summary["particles"])),
            ("engine_version", label.engine_version.clone()),
            ("forcing", self.forcing_text()),
            ("current_error_sigma_ms", text(&error["sigma_ms"])),
            ("current_error_tau_s", text(&error["tau_s"])),
            ("calibration", text(&error["calibration"])),
        ];
        let warnings = summary["warnings"].as_array().into_iter().flatten().map(text);
        let warnings = warnings.collect::<Vec<_>>().join("; ");
        if !warnings.is_empty() {
            pairs.push(("warnings", warnings));
        }
        pairs.push(("attribution", label.attribution_line()));
        pairs
    }

    /// The fields that the run used: kind, product, its cycle and revision, and the share of the run that each answered.
    pub fn forcing_text(&self) -> String {
        let sources = self.summary["forcing"].as_array().into_iter().flatten();
        let one = |source: &Value| {
            let mut words = vec![text(&source["kind"]), text(&source["feed"]), text(&source["run"])];
            if let Some(revision) = source["revision"].as_u64() {
                words.push(format!("revision {revision}"));
            }
            if let Some(share) = source["share"].as_f64() {
                words.push(format!("({:.1} %)", share * 100.0));
            }
            words.retain(|word| !word.is_empty());
            words.join(" ")
        };
        sources.map(one).collect::<Vec<_>>().join("; ")
    }

    /// Provenance as lines, for descriptions that people read.
    pub(super) fn provenance_lines(&self) -> String {
        let pairs = self.provenance().into_iter();
        let lines = pairs.filter(|(_, value)| !value.is_empty());
        lines
            .map(|(name, value)| format!("{name}: {value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// A member of the summary as text; nothing for what is not there.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
