//! Bodies of requests: JSON objects of at most 64 KiB, refused by their announced length before a byte is read, with no
//! member twice and none that is unknown. What a refusal says never repeats a value: it may be a password.

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use driftline_domain::unambiguous_json;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use crate::Problem;

/// Bytes of a body at most.
const MOST: usize = 64 * 1024;

/// The body of a request.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        refuse_large(&parts.headers)?;
        let is_json = is_json(&parts.headers)?;
        let bytes = to_bytes(body, MOST).await;
        let bytes = bytes.map_err(|_too_large_or_cut| too_large())?;
        if !is_json && !bytes.is_empty() {
            return Err(other_type());
        }
        // An empty body stands for an object without members.
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        let value = unambiguous_json(bytes).map_err(|error| malformed(&error))?;
        T::deserialize(value).map(Self).map_err(|error| unfit(&error))
    }
}

fn refuse_large(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(announced) = headers.get(CONTENT_LENGTH) else {
        return Ok(());
    };
    let length = announced.to_str().ok().and_then(|text| text.parse::<usize>().ok());
    match length {
        Some(length) if length <= MOST => Ok(()),
        _ => Err(too_large()),
    }
}

/// Another site's form cannot send JSON without asking first, so that this is also a guard against it.
fn is_json(headers: &HeaderMap) -> Result<bool, Problem> {
    let Some(given) = headers.get(CONTENT_TYPE) else {
        return Ok(false);
    };
    let media_type = given.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    if media_type.trim().eq_ignore_ascii_case("application/json") {
        Ok(true)
    } else {
        Err(other_type())
    }
}

fn other_type() -> Problem {
    let detail = "the body has to be application/json";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
}

fn too_large() -> Problem {
    let detail = format!("the body has more than {MOST} bytes, or ended before it was whole");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

fn malformed(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    // Of the sentences of the parser these name members only; the others may quote.
    let detail = if text.contains("twice") {
        text
    } else {
        format!("the body is no JSON: line {}, column {}", error.line(), error.column())
    };
    Problem::new(StatusCode::BAD_REQUEST, "malformed_json", detail)
}

fn unfit(error: &serde_json::Error) -> Problem {
    let text = error.to_string();
    let names_members_only = ["unknown field", "missing field"]
        .iter()
        .any(|start| text.starts_with(start));
    let detail = if names_members_only {
        text
    } else {
        "a member of the body has another type than it should have".to_owned()
    };
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::HeaderName;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        password: String,
    }

    async fn read(headers: &[(HeaderName, &str)], body: &str) -> Result<String, (u16, String)> {
        let mut request = Request::post("/");
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let request = request.body(body.to_owned().into()).unwrap();
        let read = Body::<Wish>::from_request(request, &()).await;
        read.map(|Body(wish)| wish.password)
            .map_err(|problem| (problem.status.as_u16(), problem.detail))
    }

    const JSON: (HeaderName, &str) = (CONTENT_TYPE, "application/json; charset=utf-8");

    #[tokio::test]
    async fn a_body_is_json_and_not_too_large() {
        assert_eq!(read(&[JSON], r#"{"password":"x"}"#).await.unwrap(), "x");
        let typed = |kind| [(CONTENT_TYPE, kind), (CONTENT_LENGTH, "16")];
        assert_eq!(
            read(&typed("text/plain"), r#"{"password":"x"}"#).await.unwrap_err().0,
            415
        );
        let announced = [JSON, (CONTENT_LENGTH, "65537")];
        assert_eq!(read(&announced, "").await.unwrap_err().0, 413);
        assert_eq!(
            read(&[JSON], &format!("\"{}\"", "x".repeat(MOST))).await.unwrap_err().0,
            413
        );
        let nonsense = [JSON, (CONTENT_LENGTH, "many")];
        assert_eq!(read(&nonsense, "{}").await.unwrap_err().0, 413);
    }

    #[tokio::test]
    async fn a_refusal_names_members_and_repeats_no_value() {
        for (body, status, word) in [
            (r#"{"password":"x","passwrod":"hidden"}"#, 422, "passwrod"),
            (r#"{}"#, 422, "password"),
            ("", 422, "password"),
            (r#"{"password":987654321}"#, 422, "type"),
            (r#"{"password":["hidden"]}"#, 422, "type"),
            (r#"{"password":"a","password":"hidden"}"#, 400, "password"),
            (r#"{"password":"hidden"#, 400, "line 1"),
            (r#"hidden"#, 400, "line 1"),
        ] {
            let (found, detail) = read(&[JSON], body).await.unwrap_err();
            assert_eq!(found, status, "{body}: {detail}");
            assert!(detail.contains(word), "{body}: {detail}");
            assert!(!detail.contains("hidden") && !detail.contains("987654321"), "{detail}");
        }
    }
}
