//! What to do about an error: one line each.

use http::StatusCode;

use super::error::ServerError;
use super::resend::is_transient;

impl ServerError {
    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Redirected { base, .. } => {
                return Some(match base {
                    Some(base) => format!("if that is your server, use `{base}` as its URL"),
                    None => "use the URL it redirects to, or log in to what stands in front of it"
                        .to_owned(),
                });
            }
            // A record of somebody else is refused in words alone (docs/server.md#get).
            Self::Rejected {
                code,
                status,
                words,
            } => rejected(code.as_deref().or(Some(words)), *status)?,
            Self::NotSent(_) => "check the URL, the network and the proxy settings",
            Self::Unknown(_) => "the server or a proxy is slow or broken: try again",
            Self::NotRocketChat { .. } => {
                "the server's URL is the workspace's own, without the path of a page in it; a workspace below a path needs \
                 that (`https://example.org/chat`), and a proxy or single sign-on page may stand in front"
            }
            Self::Gateway { .. } => {
                "a proxy or single sign-on page stands in front: let `/api/` through, or use the server's internal URL"
            }
            Self::Unauthorised => {
                "use the user's id (not the username) and a personal access token of the same user"
            }
            Self::WrongPassword => {
                "check RCSYNC_USER and the password: they are case-sensitive, and the account must be active"
            }
            Self::SecondFactor { .. } => {
                "use a personal access token that was created with `Ignore Two Factor Authentication` checked (My Account, Personal \
                 Access Tokens), in RCSYNC_USER_ID and RCSYNC_AUTH_TOKEN"
            }
            Self::Forbidden { .. } => {
                "the account needs `manage-incoming-integrations` and `manage-outgoing-integrations`"
            }
            Self::TooMany { .. } => {
                "wait and run again; an account with `api-bypass-rate-limit` is not limited"
            }
            Self::TooLong { .. } => {
                "run again later, or let the run wait with `--wait 1h`; an account with `api-bypass-rate-limit` is not limited"
            }
            Self::TooLarge => {
                "shorten the script, or raise the proxy's limit (nginx: `client_max_body_size`)"
            }
            Self::UnexpectedStatus { status, .. } if is_transient(*status) => {
                "the server is starting, restarting or overloaded: try again"
            }
            Self::ListingInconsistent { .. } => {
                "integrations were created or deleted meanwhile: run again"
            }
            Self::UnexpectedStatus { .. }
            | Self::Undecodable(_)
            | Self::Stopped
            | Self::SecretMissing { .. } => return None,
        };
        Some(help.to_owned())
    }
}

/// What to do about a refusal, by its code (docs/server.md#create, #channels-and-users, #saving-a-script).
fn rejected(code: Option<&str>, status: StatusCode) -> Option<&'static str> {
    if status == StatusCode::NOT_FOUND {
        return Some("this version of the server does not have the endpoint");
    }
    Some(match code? {
        "error-invalid-room" => {
            "a room or user of its channels does not exist: check its spelling and case"
        }
        "error-invalid-channel" => {
            "the account must be a member of every room that the webhook uses"
        }
        "error-invalid-user" | "error-invalid-post-as-user" => {
            "its posting user does not exist: check its spelling and case"
        }
        "error-user-lacks-message-impersonate-permission" => {
            "give its posting user the role `bot`, or another role with `message-impersonate`"
        }
        "not_authorized" | "not-authorized" | "unauthorized" | "error-invalid-permissions" => {
            "the account lacks the permission to manage integrations of this kind"
        }
        "error-invalid-integration" | "invalid_integration" => {
            "another account created the record, and this account can only manage its own"
        }
        "error-invalid-token" => "an outgoing webhook needs a token that is not blank",
        "integration-scripts-disabled" | "integration-scripts-isolated-vm-disabled" => {
            "scripts are frozen on this server (`FREEZE_INTEGRATION_SCRIPTS`)"
        }
        _ => return None,
    })
}
