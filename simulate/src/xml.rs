//! XML that is well formed whatever the texts hold.

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

/// What a writer of XML said.
#[derive(Debug, thiserror::Error)]
#[error("an XML document cannot be written: {0}")]
pub struct XmlError(String);

/// A document in the making. Writing into memory cannot fail; what the writer says is kept and told at the end.
pub struct Xml {
    writer: Writer<Vec<u8>>,
    open: Vec<String>,
    failed: Option<String>,
}

impl Default for Xml {
    fn default() -> Self {
        Self::new()
    }
}

impl Xml {
    /// A document that has its declaration.
    pub fn new() -> Self {
        let mut xml = Self {
            writer: Writer::new_with_indent(Vec::with_capacity(16 * 1024), b' ', 1),
            open: Vec::new(),
            failed: None,
        };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)));
        xml
    }

    /// A document type declaration.
    pub fn document_type(&mut self, text: &str) {
        self.write(Event::DocType(BytesText::from_escaped(text)));
    }

    /// Begins an element.
    pub fn open(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let start = element(name, attributes);
        self.write(Event::Start(start));
        self.open.push(name.to_owned());
    }

    /// Ends the element begun last.
    pub fn close(&mut self) {
        if let Some(name) = self.open.pop() {
            self.write(Event::End(BytesEnd::new(name)));
        }
    }

    /// An element with what is written inside.
    pub fn within(&mut self, name: &str, attributes: &[(&str, &str)], inside: impl FnOnce(&mut Self)) {
        self.open(name, attributes);
        inside(self);
        self.close();
    }

    /// An element with a text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.text_with(name, &[], text);
    }

    /// An element with attributes and a text.
    pub fn text_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        let start = element(name, attributes);
        self.write(Event::Start(start));
        self.write(Event::Text(BytesText::new(&allowed(text))));
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element without content.
    pub fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let start = element(name, attributes);
        self.write(Event::Empty(start));
    }

    /// The document's bytes, every element closed.
    pub fn finish(mut self) -> Result<Vec<u8>, XmlError> {
        while !self.open.is_empty() {
            self.close();
        }
        match self.failed {
            None => Ok(self.writer.into_inner()),
            Some(reason) => Err(XmlError(reason)),
        }
    }

    fn write(&mut self, event: Event<'_>) {
        if let Err(error) = self.writer.write_event(event) {
            self.failed.get_or_insert(error.to_string());
        }
    }
}

fn element<'a>(name: &'a str, attributes: &[(&str, &str)]) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (name, value) in attributes {
        start.push_attribute((*name, allowed(value).as_str()));
    }
    start
}

/// The text without characters that no XML 1.0 document may hold, however they are written (XML 1.0, 2.2).
fn allowed(text: &str) -> String {
    let is_allowed = |c: &char| match c {
        '\t' | '\n' | '\r' => true,
        '\u{FFFE}' | '\u{FFFF}' => false,
        c => *c >= ' ',
    };
    text.chars().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quick_xml::Reader;

    #[test]
    fn texts_are_escaped_and_stripped_of_what_xml_cannot_hold() {
        let mut xml = Xml::new();
        xml.open("a", &[("href", "http://h/?a=1&b=\"<'")]);
        xml.text("b", "<script>&\u{0}\u{1}å\u{FFFE}\"");
        xml.empty("c", &[]);
        let bytes = xml.finish().unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("&lt;script&gt;&amp;å"), "{text}");
        assert!(text.contains("a=1&amp;b=&quot;&lt;"), "{text}");
        let mut reader = Reader::from_str(&text);
        let mut depth = 0i32;
        loop {
            match reader.read_event().unwrap() {
                Event::Start(_) => depth += 1,
                Event::End(_) => depth -= 1,
                Event::Eof => break,
                _ => {}
            }
        }
        assert_eq!(depth, 0);
    }
}
