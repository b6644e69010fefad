//! What every report of a run begins with: the server, and what was read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Untrusted;
use crate::plan::Plan;
use crate::problem::Texts;

/// What a run was about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct About {
    /// The server and the account; missing only where a run failed before one was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<ServerReport>,
    /// What was read.
    pub(super) manifest: ManifestReport,
}

/// The server and the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ServerReport {
    /// Its address; for the embedded sandbox, where its state is.
    pub(super) address: Untrusted,
    /// Whether it is the embedded sandbox.
    pub(super) sandbox: bool,
    /// Its version, as it says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<Untrusted>,
    /// The account's username; missing only where a run failed before the server said it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Untrusted>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ManifestReport {
    /// The paths that were named.
    pub(super) paths: Vec<Untrusted>,
    /// How many files they hold.
    pub(super) files: usize,
    /// How many integrations are written there.
    pub(super) integrations: usize,
}

/// What a report says beside the plan itself.
pub struct Context<'a> {
    /// The texts that places point into.
    pub texts: &'a Texts,
    /// The paths that were named.
    pub paths: &'a [String],
    /// How many files they hold.
    pub files: usize,
    /// How many integrations are written there.
    pub integrations: usize,
    /// What the manifests are compared with, if that is a base.
    pub base: Option<&'a str>,
    /// Where the embedded sandbox keeps its state, if that is the server.
    pub sandbox: Option<&'a str>,
}

/// What a failed run was about.
pub struct Attempt<'a> {
    /// The address of the server, or where the embedded sandbox keeps its state; if either was named.
    pub address: Option<&'a str>,
    /// Whether it is the embedded sandbox.
    pub sandbox: bool,
    /// The paths that were named.
    pub paths: &'a [String],
}

impl About {
    /// What a plan was made for, and from what.
    pub(super) fn plan(plan: &Plan, context: &Context<'_>) -> Self {
        let server = ServerReport {
            address: context.sandbox.unwrap_or(&plan.server.url).into(),
            sandbox: context.sandbox.is_some(),
            version: plan.server.version_text.as_ref().map(Into::into),
            account: Some((&plan.server.username).into()),
        };
        Self {
            server: Some(server),
            manifest: ManifestReport {
                paths: context.paths.iter().map(Into::into).collect(),
                files: context.files,
                integrations: context.integrations,
            },
        }
    }

    /// What a failed run was about, as far as it is known.
    pub(super) fn failed(attempt: &Attempt<'_>) -> Self {
        let server = attempt.address.map(|address| ServerReport {
            address: address.into(),
            sandbox: attempt.sandbox,
            version: None,
            account: None,
        });
        Self {
            server,
            manifest: ManifestReport {
                paths: attempt.paths.iter().map(Into::into).collect(),
                ..ManifestReport::default()
            },
        }
    }
}

impl ServerReport {
    /// As people read it, the address shown already; `show` escapes foreign text.
    pub(super) fn words(&self, address: &str, show: impl Fn(&Untrusted) -> String) -> String {
        let sandbox = if self.sandbox { "sandbox " } else { "" };
        let account = self.account.as_ref().map(|account| {
            let version = self.version.as_ref().map(&show);
            let version = version.unwrap_or_else(|| "of an unknown version".to_owned());
            format!(" · Rocket.Chat {version} · as {}", show(account))
        });
        format!("{sandbox}{address}{}", account.unwrap_or_default())
    }
}
