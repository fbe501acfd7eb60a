//! A document of XML from outside as a small tree, bounded in size, depth and number of elements.
//!
//! Only the five entities that XML predefines and numbers of characters are resolved. A document that declares a type is
//! refused, because only there can others be declared: nothing can be made to grow.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements within elements beyond which a document is refused.
const DEEPEST: usize = 32;
/// Elements beyond which a document is refused.
const MOST_ELEMENTS: usize = 20_000;
/// Attributes of one element beyond which a document is refused.
const MOST_ATTRIBUTES: usize = 32;

/// An element, by its local name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Element {
    /// Name without prefix.
    pub(crate) name: String,
    /// Attributes by their local names.
    pub(crate) attributes: Vec<(String, String)>,
    /// Elements directly in it.
    pub(crate) children: Vec<Element>,
    /// Text directly in it, trimmed.
    pub(crate) text: String,
}

impl Element {
    /// The tree of a document; what is wrong with it otherwise, as the end of a sentence about it.
    pub(crate) fn parse(body: &str) -> Result<Self, String> {
        let mut reader = Reader::from_str(body.trim_start_matches('\u{FEFF}').trim_start());
        let mut open: Vec<Self> = Vec::new();
        let mut root: Option<Self> = None;
        let mut count = 0;
        loop {
            let event = reader
                .read_event()
                .map_err(|error| format!("it is not well-formed XML: {error}"))?;
            match event {
                Event::Start(start) => {
                    count += 1;
                    open.push(Self::begun(&start)?);
                    check(open.len(), count)?;
                }
                Event::Empty(start) => {
                    count += 1;
                    check(open.len() + 1, count)?;
                    place(Self::begun(&start)?, &mut open, &mut root)?;
                }
                Event::End(_) => {
                    if let Some(mut element) = open.pop() {
                        element.text = element.text.trim().to_owned();
                        place(element, &mut open, &mut root)?;
                    }
                }
                Event::Text(text) => add(&mut open, &text.xml10_content()),
                Event::CData(text) => add(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => add(&mut open, &resolved(&reference)?),
                Event::DocType(_) => return Err("it declares a document type, which is not accepted".to_owned()),
                Event::Eof if open.is_empty() => {
                    return root.ok_or_else(|| "it has no element".to_owned());
                }
                Event::Eof => return Err("it ends in the middle".to_owned()),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first child of this name.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// An attribute.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn begun(start: &BytesStart<'_>) -> Result<Self, String> {
        let name = start.local_name().as_ref().to_owned();
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| format!("<{name}> cannot be read: {error}"))?;
            let value = quick_xml::escape::unescape(&attribute.value)
                .map_err(|error| format!("an attribute of <{name}> cannot be read: {error}"))?;
            attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
            if attributes.len() > MOST_ATTRIBUTES {
                return Err(format!("<{name}> has more than {MOST_ATTRIBUTES} attributes"));
            }
        }
        Ok(Self {
            name,
            attributes,
            ..Self::default()
        })
    }
}

fn check(depth: usize, count: usize) -> Result<(), String> {
    if depth > DEEPEST {
        return Err(format!("its elements lie more than {DEEPEST} deep"));
    }
    if count > MOST_ELEMENTS {
        return Err(format!("it has more than {MOST_ELEMENTS} elements"));
    }
    Ok(())
}

fn place(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err("it has two outermost elements".to_owned()),
    }
    Ok(())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    let name = reference.xml10_content();
    let unknown = || format!("it has the entity '{name}', which XML does not predefine");
    if let Some(character) = reference.resolve_char_ref().map_err(|_not_a_character| unknown())? {
        return Ok(character.to_string());
    }
    let known = [("amp", "&"), ("lt", "<"), ("gt", ">"), ("quot", "\""), ("apos", "'")];
    let text = known.iter().find(|(known, _)| *known == name);
    text.map(|(_, text)| (*text).to_owned()).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read() {
        let tree = Element::parse(
            "<?xml version='1.0'?><!-- x --><a:b xmlns:a='u' k='1 &amp; 2'> t&lt;<c/><c>&#65;</c></a:b>",
        );
        let tree = tree.unwrap();
        assert_eq!((tree.name.as_str(), tree.text.as_str()), ("b", "t<"));
        assert_eq!(tree.attribute("k"), Some("1 & 2"));
        assert_eq!(tree.all("c").count(), 2);
        assert_eq!(tree.children[1].text, "A");
    }

    #[test]
    fn what_could_grow_or_is_broken_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        let many = format!("<a>{}</a>", "<b/>".repeat(30_000));
        let laughs = "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]><l>&b;</l>";
        for (wrong, said) in [
            (deep.as_str(), "deep"),
            (&many, "more than 20000 elements"),
            (laughs, "document type"),
            ("<a>&b;</a>", "entity 'b'"),
            ("<a>", "middle"),
            ("<a/><b/>", "two outermost"),
            ("", "no element"),
            ("<a></b>", "well-formed"),
        ] {
            let message = Element::parse(wrong).unwrap_err();
            assert!(message.contains(said), "{message}");
        }
    }
}
