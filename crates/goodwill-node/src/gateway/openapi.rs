//! The document of the API (OpenAPI 3.1), made from the handlers and the types of what they answer.

use super::{routes, submit::SUBMIT_MAX};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use goodwill_types::api;
use std::{collections::BTreeMap, sync::LazyLock};
use utoipa::{
    IntoResponses, OpenApi, PartialSchema, ToSchema,
    openapi::{
        ArrayBuilder, ContentBuilder, HeaderBuilder, ObjectBuilder, Ref, RefOr, ResponseBuilder, Schema,
        schema::{AnyOfBuilder, KnownFormat, SchemaFormat, Type},
    },
};

/// What the paths have in common.
#[derive(OpenApi)]
#[openapi(
    info(title = "Goodwill gateway", description = "Everybody can read everything, and push transactions."),
    components(schemas(
        api::Problem,
        api::Inclusion,
        api::Submission,
        api::Submit,
        api::SubmitResult,
        api::Transaction,
    ))
)]
pub(super) struct Document;

static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let (_, document) = routes().split_for_parts();
    document.to_json().expect("a document has only what JSON has")
});

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", responses(
    (status = 200, description = "The API in OpenAPI 3.1", body = Object), Always,
))]
pub(super) async fn openapi() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}

/// The problems that every path may answer.
pub(super) enum Always {}

impl IntoResponses for Always {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        problems(&[
            (400, "The request cannot be understood"),
            (421, "The node does not answer for this host name"),
            (429, "The client asks too often"),
            (503, "The node cannot answer now"),
        ])
    }
}

/// The problem of a path that names something.
pub(super) enum Unknown {}

impl IntoResponses for Unknown {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        problems(&[(404, "The node knows no such thing")])
    }
}

/// The problems of a path that takes a transaction.
pub(super) enum NotTaken {}

impl IntoResponses for NotTaken {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        problems(&[
            (408, "The body took too long to arrive"),
            (413, "The body is too large"),
            (415, "The content type is not known"),
            (422, "The chain's rules refuse the transaction"),
        ])
    }
}

/// Answers of `application/problem+json`, by their status.
pub(super) fn problems(problems: &[(u16, &str)]) -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
    problems.iter().map(|(status, what)| (status.to_string(), problem(*status, what).into())).collect()
}

fn problem(status: u16, what: &str) -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name("Problem");
    let content = ContentBuilder::new().schema(Some(schema)).build();
    let response = ResponseBuilder::new().description(what).content("application/problem+json", content);
    match status {
        429 | 503 => response.header("Retry-After", seconds()).build(),
        _ => response.build(),
    }
}

fn seconds() -> utoipa::openapi::Header {
    let schema = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1));
    HeaderBuilder::new().schema(schema).description(Some("Seconds after which to try again")).build()
}

/// The bytes that a wallet signed, and the signature.
pub(super) enum Octets {}

impl PartialSchema for Octets {
    fn schema() -> RefOr<Schema> {
        let format = SchemaFormat::KnownFormat(KnownFormat::Binary);
        ObjectBuilder::new().schema_type(Type::String).format(Some(format)).into()
    }
}

impl ToSchema for Octets {}

/// One submission or a list of them.
pub(super) enum Submissions {}

impl PartialSchema for Submissions {
    fn schema() -> RefOr<Schema> {
        one_or_list("Submission", "Submission").into()
    }
}

impl ToSchema for Submissions {}

/// What became of one submission or of a list of them.
pub(super) enum Submitted {}

impl PartialSchema for Submitted {
    fn schema() -> RefOr<Schema> {
        one_or_list("Submit", "SubmitResult").item(Ref::from_schema_name("Transaction")).into()
    }
}

impl ToSchema for Submitted {}

fn one_or_list(one: &str, each: &str) -> AnyOfBuilder {
    let list =
        ArrayBuilder::new().items(Ref::from_schema_name(each)).min_items(Some(1)).max_items(Some(SUBMIT_MAX));
    AnyOfBuilder::new().item(Ref::from_schema_name(one)).item(list)
}
