//! The guide of the chain, from its state.

use super::{Gateway, Problem, Shared, openapi::Always, view::View, work::work};
use crate::guide::{Facts, Language, guide as write};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, header},
    response::{IntoResponse, Response},
};
use goodwill_ledger::{
    Cell, ChainState,
    association::{Association, Polls},
    chain_key,
    mining::Epoch,
};
use goodwill_types::{Amount, api};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

const MARKDOWN: &str = "text/markdown";
/// The most associations and amendments that are asked what they received: each cost a deposit.
const NUMBERS_MAX: u32 = 1 << 14;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct GuideQuery {
    /// In which language; without it, as `Accept-Language` says, else in English.
    #[param(pattern = "^(en|fr)$")]
    lang: Option<String>,
}

/// How the chain works in plain words. In JSON, or as it is for those who accept `text/markdown`.
#[utoipa::path(get, path = "/v1/guide", params(GuideQuery), responses(
    (status = 200, description = "The guide", content(
        (api::Guide = "application/json"),
        (String = "text/markdown"),
    )),
    Always,
))]
pub(super) async fn guide(
    State(gateway): Shared,
    query: Result<Query<GuideQuery>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let language = language(query, &headers)?;
    let facts = facts(&gateway).await?;
    let chain = gateway.chain.clone();
    let markdown = work(move || write(&chain.manifest, &facts, language)).await?;
    let answer = match accepts_markdown(&headers) {
        true => {
            let content_type = format!("{MARKDOWN}; charset=utf-8");
            ([(header::CONTENT_TYPE, content_type)], markdown).into_response()
        }
        false => Json(api::Guide { language: language.code().into(), markdown }).into_response(),
    };
    let said = [(header::CONTENT_LANGUAGE, language.code()), (header::VARY, "Accept, Accept-Language")];
    Ok((said, answer).into_response())
}

async fn facts(gateway: &Arc<Gateway>) -> Result<Facts, Problem> {
    let mut view = View::read(gateway, |view| _ = view.facts()).await?;
    Ok(view.facts())
}

impl View<'_> {
    fn facts(&mut self) -> Facts {
        let first = Facts::first(&self.gateway.chain.manifest);
        let (number, open) = (self.header.epoch, self.parameters().ordering(self.header.height + 1));
        let present: Option<Epoch> = self.look(Epoch::key(number));
        let ordering: Option<Epoch> = self.look(Epoch::key(open));
        let parameters = self.in_force();
        let (approved, donated) = self.donated();
        // Before the first block there is nothing else to tell.
        let (Some(present), Some(ordering)) = (present, ordering) else { return first };
        Facts { open, approved, donated, parameters, ..first.with_epochs(number, &present, &ordering) }
    }

    /// How many associations share the donations, and what ever entered the pool: what is on its way,
    /// and what associations received.
    fn donated(&mut self) -> (u32, Amount) {
        let chain: Option<ChainState> = self.look(chain_key());
        let polls: Polls = self.look(Polls::key()).unwrap_or_default();
        let numbers = 0..polls.next.min(NUMBERS_MAX);
        let asked: Vec<Association> =
            numbers.filter_map(|number| self.look(Association::key(number))).collect();
        let approved = asked.iter().filter(|association| association.status.receives()).count() as u32;
        let on_its_way = [Cell::Pool, Cell::Reserve, Cell::Pending, Cell::Frozen];
        let on_its_way = chain.iter().flat_map(|chain| on_its_way.map(|cell| chain.supply.cell(cell)));
        (approved, on_its_way.chain(asked.iter().map(|association| association.received)).sum())
    }
}

fn language(
    query: Result<Query<GuideQuery>, QueryRejection>,
    headers: &HeaderMap,
) -> Result<Language, Problem> {
    let malformed = |detail| Problem::malformed("language", detail, "Use ?lang=en, ?lang=fr, or nothing.");
    let Query(query) = query.map_err(|e| malformed(e.body_text()))?;
    match query.lang {
        Some(code) => code.parse().map_err(malformed),
        None => Ok(accepted_language(headers)),
    }
}

/// The language that the client likes best of those that there are.
fn accepted_language(headers: &HeaderMap) -> Language {
    let liked = preferences(headers, header::ACCEPT_LANGUAGE).filter_map(|(range, quality)| {
        let code = range.split('-').next().unwrap_or_default().to_ascii_lowercase();
        Some((code.parse::<Language>().ok()?, quality))
    });
    // Of those that it likes as much, the first.
    let best = liked.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or_else(Language::default, |(language, _)| language)
}

fn accepts_markdown(headers: &HeaderMap) -> bool {
    let quality = |kind: &str| {
        let mut same =
            preferences(headers, header::ACCEPT).filter(|(range, _)| range.eq_ignore_ascii_case(kind));
        same.next().map_or(0, |(_, quality)| quality)
    };
    quality(MARKDOWN) > quality("application/json")
}

/// What a header lists, with how much the client likes it in thousandths; what it refuses is left out.
fn preferences(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = (&str, u32)> {
    let listed = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let one = |item| {
        let mut parts = str::split(item, ';').map(str::trim);
        let range = parts.next()?;
        let quality = parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok())?;
        let quality = (f64::clamp(quality, 0.0, 1.0) * 1_000.0) as u32;
        (quality > 0).then_some((range, quality))
    };
    listed.flat_map(|value| value.split(',')).filter_map(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, axum::http::HeaderValue::from_static(value))])
    }

    #[test]
    fn the_language_is_the_one_that_is_liked_best() {
        let cases = [
            ("", Language::English),
            ("fr", Language::French),
            ("fr-CA, en;q=0.8", Language::French),
            ("de, FR;q=0.5, en;q=0.7", Language::English),
            ("en;q=0, fr;q=0.1", Language::French),
            ("en, fr", Language::English),
            ("*, zz;q=nonsense, fr;q=NaN", Language::English),
        ];
        for (value, expected) in cases {
            assert_eq!(accepted_language(&headers(header::ACCEPT_LANGUAGE, value)), expected, "{value}");
        }
    }

    #[test]
    fn markdown_is_for_those_who_ask_for_it() {
        let cases = [
            ("text/markdown", true),
            ("text/markdown, application/json;q=0.9", true),
            ("application/json, text/markdown;q=0.5", false),
            ("text/markdown;q=0", false),
            ("*/*", false),
            ("", false),
        ];
        for (value, expected) in cases {
            assert_eq!(accepts_markdown(&headers(header::ACCEPT, value)), expected, "{value}");
        }
    }
}
