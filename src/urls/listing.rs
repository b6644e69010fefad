//! Webhooks with their URLs and tokens in clear: what `rcsync urls` prints, and the only place where it is so.

use schemars::JsonSchema;
use serde::Serialize;

use super::Webhook;
use super::env::names;
use crate::integration::Kind;
use crate::problem::Texts;
use crate::report::{ProblemReport, Untrusted};

/// The webhooks that were asked for. Holds secrets in clear.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The version of this form.
    format_version: u32,
    /// What the URLs begin with.
    base: String,
    /// The webhooks.
    pub(super) webhooks: Vec<Listed>,
    /// Why others have no URL here.
    problems: Vec<ProblemReport>,
}

/// A webhook. Holds secrets in clear.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    /// `webhook-incoming` or `webhook-outgoing`.
    #[serde(rename = "type")]
    #[schemars(with = "String")]
    pub(super) kind: Kind,
    /// Its name.
    pub(super) name: Untrusted,
    /// The id of its record.
    pub(super) id: Untrusted,
    /// Whether it is switched on. While an incoming webhook is off, its URL answers 503.
    pub(super) enabled: bool,
    /// Where its entry stands: `file:line`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) place: Option<Untrusted>,
    /// The name of the value as a variable: the one that `--format env` gives it.
    pub(super) variable: String,
    /// The URL of an incoming webhook. Secret: who knows it can post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// The token of an outgoing webhook, if it has one. Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<String>,
}

impl Listing {
    const FORMAT_VERSION: u32 = 1;

    /// Puts the secrets in clear, to be written out because they were asked for.
    pub fn in_clear(
        base: &str,
        webhooks: &[Webhook],
        problems: Vec<ProblemReport>,
        texts: &Texts,
    ) -> Self {
        let variables = names(webhooks);
        let webhooks = webhooks.iter().zip(variables);
        Self {
            format_version: Self::FORMAT_VERSION,
            base: base.to_owned(),
            webhooks: webhooks
                .map(|(webhook, variable)| listed(webhook, variable, texts))
                .collect(),
            problems,
        }
    }
}

fn listed(webhook: &Webhook, variable: String, texts: &Texts) -> Listed {
    let kind = webhook.key.kind;
    let value = webhook.value.as_ref().and_then(|value| value.expose());
    let value = |is_url: bool| value.filter(|_| kind.has_url() == is_url);
    let place = webhook.place.as_ref().map(|place| {
        let origin = &texts.get(place.source).origin;
        format!("{origin}:{}", texts.start(place).line)
    });
    Listed {
        kind,
        name: (&webhook.key.name).into(),
        id: webhook.id.text().into(),
        enabled: webhook.enabled,
        place: place.map(Into::into),
        variable,
        url: value(true).map(str::to_owned),
        token: value(false).map(str::to_owned),
    }
}
