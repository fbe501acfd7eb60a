//! What a failure of an object store means, in words for people; bodies of answers, which may repeat signatures, are cut
//! down to the code and sentence that S3 services put into them.

use std::error::Error as StdError;
use std::io::ErrorKind;

use object_store::Error;

/// Kinds of failure that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// No room is left.
    Full,
    /// The keys are unknown, or the signature made with them is wrong.
    Keys,
    /// The keys are known and may not do this.
    Forbidden,
    /// There is no such bucket.
    NoBucket,
    /// There is no such object.
    NotFound,
    /// The store does not know the operation.
    NotImplemented,
    /// The store could not be spoken to.
    Unreachable,
    /// Anything else that may pass.
    Other,
}

impl Cause {
    /// Of a failure.
    pub(crate) fn of(error: &Error) -> Self {
        if io_kinds(error).any(|kind| matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) {
            return Self::Full;
        }
        let text = error.to_string();
        let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match error {
            _ if has(&["NoSuchBucket"]) => Self::NoBucket,
            // The last is versitygw's word for a key that it does not know.
            _ if has(&["InvalidAccessKeyId", "SignatureDoesNotMatch", "XAdminUserNotFound"]) => Self::Keys,
            Error::NotFound { .. } => Self::NotFound,
            Error::NotImplemented { .. } | Error::NotSupported { .. } => Self::NotImplemented,
            _ if has(&["501 Not Implemented", "<Code>NotImplemented"]) => Self::NotImplemented,
            Error::Unauthenticated { .. } => Self::Keys,
            Error::PermissionDenied { .. } => Self::Forbidden,
            _ if has(&["507 Insufficient Storage", "QuotaExceeded", "XMinioStorageFull"]) => Self::Full,
            _ if has(&["HTTP error: error sending request"]) => Self::Unreachable,
            _ => Self::Other,
        }
    }

    /// Whether the same request may succeed a moment later, and whether this one took effect is not known.
    pub(crate) fn is_uncertain(self) -> bool {
        matches!(self, Self::Unreachable | Self::Other)
    }
}

/// The failure in words.
pub(crate) fn told(error: &Error) -> String {
    if Cause::of(error) == Cause::Full {
        return "the disk is full: no room is left for what is to be stored".to_owned();
    }
    let text = error.to_string();
    let first = text.split("<?xml").next().unwrap_or_default();
    let first = first
        .split("<Error")
        .next()
        .unwrap_or_default()
        .trim_end_matches([' ', ':', '\n']);
    match (element(&text, "Code"), element(&text, "Message")) {
        (Some(code), Some(message)) => format!("{first}: {code}: {message}"),
        (Some(code), None) => format!("{first}: {code}"),
        _ => match deepest(error).filter(|cause| !first.contains(cause.as_str())) {
            Some(cause) => format!("{first}: {cause}"),
            None => first.to_owned(),
        },
    }
}

fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (content, _) = rest.split_once(&format!("</{name}>"))?;
    (!content.is_empty() && content.len() < 500).then_some(content)
}

fn causes<'a>(error: &'a Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(error.source(), |cause: &&'a (dyn StdError + 'static)| {
        StdError::source(*cause)
    })
}

fn deepest(error: &Error) -> Option<String> {
    causes(error).last().map(ToString::to_string)
}

fn io_kinds(error: &Error) -> impl Iterator<Item = ErrorKind> {
    causes(error).filter_map(|cause| cause.downcast_ref::<std::io::Error>().map(std::io::Error::kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generic(text: &str) -> Error {
        Error::Generic {
            store: "S3",
            source: text.to_owned().into(),
        }
    }

    #[test]
    fn an_answer_is_cut_down_to_its_code_and_sentence() {
        let error = generic(
            "Error performing PUT http://h/b/x - Server returned non-2xx status code: 403 Forbidden: <?xml version=\"1.0\"?>\n\
             <Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message><StringToSign>AWS4 abc</StringToSign></Error>",
        );
        let words = told(&error);
        assert!(
            words.ends_with("403 Forbidden: SignatureDoesNotMatch: Check your key."),
            "{words}"
        );
        assert!(!words.contains("AWS4"), "{words}");
        assert_eq!(Cause::of(&error), Cause::Keys);
    }

    #[test]
    fn a_full_disk_is_called_so_however_deep_the_cause_lies() {
        let full = || std::io::Error::from(ErrorKind::StorageFull);
        let deep = crate::Error::Local {
            action: "write",
            path: "x".into(),
            source: full(),
        };
        for source in [Box::new(full()) as Box<dyn StdError + Send + Sync>, Box::new(deep)] {
            let error = Error::Generic { store: "local", source };
            assert_eq!(Cause::of(&error), Cause::Full);
            assert!(told(&error).contains("disk is full"));
        }
        assert_eq!(Cause::of(&generic("503 Slow Down")), Cause::Other);
    }
}
