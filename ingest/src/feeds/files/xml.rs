//! A document of XML walked once, bounded: elements by their local names, their attributes, and their text.
//!
//! Only the five entities that XML predefines and numbers of characters are resolved. A document that declares a type is
//! refused, because only there can others be declared.

use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};

/// Elements within elements beyond which a document is refused.
const DEEPEST: usize = 32;

/// What is met on the walk.
pub(super) enum Node<'a> {
    /// An element begins.
    Open(&'a str, &'a [(String, String)]),
    /// An element ends; the text that stood directly in it.
    Close(&'a str, &'a str),
}

/// The name of the first element, where there is one within reach.
pub(super) fn root(body: &str) -> Option<String> {
    let mut reader = Reader::from_str(body.trim_start_matches('\u{FEFF}').trim_start());
    // Before the root stand a declaration, comments and blanks, rarely a type.
    for _ in 0..32 {
        match reader.read_event().ok()? {
            Event::Start(start) | Event::Empty(start) => return Some(start.local_name().as_ref().to_owned()),
            Event::Eof => return None,
            _ => {}
        }
    }
    None
}

/// Walks the document.
pub(super) fn walk(body: &str, mut meet: impl FnMut(Node<'_>) -> Result<(), String>) -> Result<(), String> {
    let mut reader = Reader::from_str(body.trim_start_matches('\u{FEFF}').trim_start());
    let mut open: Vec<(String, String)> = Vec::new();
    loop {
        let event = reader
            .read_event()
            .map_err(|error| format!("it is no whole document: {error}"))?;
        match event {
            Event::Start(start) => {
                let name = enter(&start, &mut meet)?;
                open.push((name, String::new()));
                if open.len() > DEEPEST {
                    return Err(format!("its elements lie more than {DEEPEST} deep"));
                }
            }
            Event::Empty(start) => {
                let name = enter(&start, &mut meet)?;
                meet(Node::Close(&name, ""))?;
            }
            Event::End(_) => {
                if let Some((name, text)) = open.pop() {
                    meet(Node::Close(&name, text.trim()))?;
                }
            }
            Event::Text(text) => add(&mut open, &text.xml10_content()),
            Event::CData(text) => add(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => add(&mut open, &resolved(&reference)?),
            Event::DocType(_) => return Err("it declares a document type, which no listing does".to_owned()),
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err("it ends in the middle".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn enter(start: &BytesStart<'_>, meet: &mut impl FnMut(Node<'_>) -> Result<(), String>) -> Result<String, String> {
    let name = start.local_name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("<{name}> cannot be read: {error}"))?;
        let value = quick_xml::escape::unescape(&attribute.value)
            .map_err(|error| format!("an attribute of <{name}> cannot be read: {error}"))?;
        attributes.push((attribute.key.local_name().as_ref().to_owned(), value.into_owned()));
    }
    meet(Node::Open(&name, &attributes))?;
    Ok(name)
}

fn add(open: &mut [(String, String)], text: &str) {
    if let Some((_, content)) = open.last_mut() {
        content.push_str(text);
    }
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    let name = reference.xml10_content();
    let unknown = |_| format!("it has the entity '{name}', which XML does not predefine");
    if let Some(character) = reference.resolve_char_ref().map_err(unknown)? {
        return Ok(character.to_string());
    }
    let text = match name.as_ref() {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        other => return Err(format!("it has the entity '{other}', which XML does not predefine")),
    };
    Ok(text.to_owned())
}
