//! The XML in which GDAL keeps names and units of bands: `<GDALMetadata><Item name=.. sample=.. role=..>text</Item>…`.
//! GDAL escapes texts before it writes them as XML, so they are escaped twice, and it expects that of others.

use super::RasterStack;

pub(super) fn to_xml(stack: &RasterStack) -> String {
    let mut xml = String::from("<GDALMetadata>\n");
    for (name, text) in &stack.metadata {
        xml.push_str(&format!(
            "  <Item name=\"{}\">{}</Item>\n",
            escaped(name),
            twice_escaped(text)
        ));
    }
    if !stack.attribution.is_empty() {
        let attribution = twice_escaped(&stack.attribution.join("; "));
        xml.push_str(&format!("  <Item name=\"ATTRIBUTION\">{attribution}</Item>\n"));
    }
    for (sample, band) in stack.bands.iter().enumerate() {
        for (name, role, text) in [
            ("DESCRIPTION", "description", &band.description),
            ("UNITTYPE", "unittype", &stack.unit),
        ] {
            let text = twice_escaped(text);
            xml.push_str(&format!(
                "  <Item name=\"{name}\" sample=\"{sample}\" role=\"{role}\">{text}</Item>\n"
            ));
        }
    }
    xml.push_str("</GDALMetadata>\n");
    xml
}

/// Descriptions by band; empty where a band has none.
pub(super) fn descriptions(xml: &str, bands: usize) -> Vec<String> {
    let mut descriptions = vec![String::new(); bands];
    for item in xml.split("<Item ").skip(1) {
        let Some((attributes, rest)) = item.split_once('>') else {
            continue;
        };
        let Some((text, _)) = rest.split_once("</Item>") else {
            continue;
        };
        let sample = attribute(attributes, "sample").and_then(|sample| sample.parse::<usize>().ok());
        if attribute(attributes, "role") == Some("description")
            && let Some(description) = sample.and_then(|sample| descriptions.get_mut(sample))
        {
            *description = unescaped(&unescaped(text));
        }
    }
    descriptions
}

fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = attributes.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

fn twice_escaped(text: &str) -> String {
    escaped(&escaped(text))
}

/// Text that XML 1.0 can hold; control characters it cannot become spaces.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' => out.push(character),
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cog::RasterBand;

    #[test]
    fn texts_survive_the_xml() {
        let texts = ["2026-01-01T00:00:00Z", "<a & \"b\">", "&amp;lt;", "", "æøå"];
        let band = |text: &&str| RasterBand {
            description: (*text).to_owned(),
            values: vec![],
        };
        let stack = RasterStack {
            west: 0.0,
            north: 0.0,
            dlon: 1.0,
            dlat: 1.0,
            nx: 1,
            ny: 1,
            bands: texts.iter().map(band).collect(),
            unit: "km-2".to_owned(),
            title: String::new(),
            attribution: vec!["A & B".to_owned()],
            missing: crate::cog::Missing::Zero,
            metadata: vec![("RUN\" role=\"description\" sample=\"0".to_owned(), "x".to_owned())],
        };
        let xml = to_xml(&stack);
        assert_eq!(descriptions(&xml, texts.len()), texts);
        assert!(xml.contains("<Item name=\"ATTRIBUTION\">A &amp;amp; B</Item>"), "{xml}");
        assert_eq!(
            descriptions("<Item <Item sample=\"9\" role=\"description\">x</Item>", 2),
            ["", ""]
        );
    }
}
