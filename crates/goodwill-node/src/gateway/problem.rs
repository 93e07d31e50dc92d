//! What went wrong, as RFC 9457 says it.

use crate::{admission::NotAdmitted, index::IndexError, mempool::NotPooled};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use goodwill_engine::{QueryError, Stopped};
use goodwill_types::api;

/// An answer that is no success.
#[derive(Clone, Debug)]
pub struct Problem(pub Box<api::Problem>);

impl Problem {
    /// A problem: a status, a code that stays, what it is, what happened, and what to do.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>, next: &str) -> Self {
        Self(Box::new(api::Problem {
            kind: "about:blank".into(),
            title: title.into(),
            status: status.as_u16(),
            detail: detail.into(),
            code: code.into(),
            next: (!next.is_empty()).then(|| next.into()),
        }))
    }

    /// The request cannot be understood.
    pub fn malformed(code: &str, detail: impl Into<String>, next: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, "The request cannot be understood", detail, next)
    }

    /// The body is not of a kind that this path takes.
    pub fn content_type(kind: &str) -> Self {
        let detail = format!("the content type {kind:?} is not known");
        let next = "Send application/json or application/octet-stream.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", "Unknown content type", detail, next)
    }

    /// There is no such thing here.
    pub fn not_found(detail: impl Into<String>, next: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail, next)
    }

    /// The node cannot answer now.
    pub fn unavailable(code: &str, detail: impl Into<String>) -> Self {
        let next = "Try again in a second, or ask another node.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, "The node cannot answer now", detail, next)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<Stopped> for Problem {
    fn from(stopped: Stopped) -> Self {
        Self::unavailable("stopping", stopped.to_string())
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        Self::unavailable("not_ready", error.to_string())
    }
}

impl From<IndexError> for Problem {
    fn from(error: IndexError) -> Self {
        Self::unavailable("index", error.to_string())
    }
}

impl From<NotAdmitted> for Problem {
    fn from(error: NotAdmitted) -> Self {
        let detail = error.to_string();
        let (code, next) = match &error {
            NotAdmitted::Busy => return Self::unavailable("busy", detail),
            NotAdmitted::NotReady(_) => return Self::unavailable("not_ready", detail),
            NotAdmitted::NotPooled(NotPooled::Invalid(invalid)) => {
                (invalid.code(), "Sign it anew with what is said here.")
            }
            NotAdmitted::NotPooled(NotPooled::Underpriced { .. }) => {
                ("underpriced", "Offer more, or wait for the other one.")
            }
            NotAdmitted::NotPooled(NotPooled::SenderFull { .. }) => {
                ("sender_full", "Wait for the next blocks.")
            }
            NotAdmitted::NotPooled(NotPooled::Ahead { .. }) => {
                return Self::unavailable("nonce_gap", detail);
            }
            NotAdmitted::NotPooled(NotPooled::Full { .. }) => {
                return Self::unavailable("mempool_full", detail);
            }
        };
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            code,
            "The chain's rules refuse the transaction",
            detail,
            next,
        )
    }
}
