//! Look-ups before a write: posting users, rooms and permissions (docs/server.md#looking-up-users-and-rooms, #permissions).
//! All questions of a plan are sent at once.
//!
//! An answer that does not come is *unknown*, never "nobody": a plan says so and goes on. Refused credentials end
//! the look-up.

use std::collections::BTreeSet;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde_json::Value as Json;

use super::Reader;
use crate::client::ServerError;
use crate::observed::{
    Answers, Found, Permissions, Questions, Rights, ServerFacts, User, Users, View,
};

mod delivery;
mod targets;

#[cfg(test)]
pub(super) use targets::Existing;

const USER: &str = "api/v1/users.info";
const PERMISSIONS: &str = "api/v1/permissions.listAll";

/// How many look-ups are in flight at once.
const SIDE_BY_SIDE: usize = 16;

/// Asks all of these, side by side, and has the answers in their order. The first error ends it.
pub(super) async fn all<T>(
    asked: Vec<impl Future<Output = Result<T, ServerError>>>,
) -> Result<Vec<T>, ServerError> {
    let asked = stream::iter(asked).buffered(SIDE_BY_SIDE);
    asked.try_collect().await
}

/// What was told, or why it was not; refused credentials end the look-up.
pub(super) fn told<T>(answer: Result<T, ServerError>) -> Result<Result<T, String>, ServerError> {
    match answer {
        Ok(told) => Ok(Ok(told)),
        Err(ServerError::Unauthorised) => Err(ServerError::Unauthorised),
        Err(error) => Ok(Err(error.to_string())),
    }
}

impl Reader {
    /// Answers questions about what was observed, in one wave. What takes another: rooms that are not public, and an account
    /// that may not post everywhere.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub async fn answer(
        &self,
        server: &ServerFacts,
        questions: &Questions,
    ) -> Result<Answers, ServerError> {
        let single = questions.limit.saturating_sub(questions.users.len());
        // What this account may do is not known yet. Most may post everywhere: then what counts is what is there.
        let targets = questions.targets.iter().filter(|_| server.roles.is_some());
        let (users, permissions, existing, histories) = tokio::try_join!(
            self.users(&questions.users, questions.limit),
            self.permissions_if(questions.permissions()),
            self.look(targets, single),
            self.histories(&questions.histories),
        )?;
        let mut answers = Answers {
            users,
            histories,
            ..Answers::default()
        };
        let mut rights = Rights::default();
        match permissions {
            None => return Ok(answers),
            Some(Ok(permissions)) => {
                let roles = server.roles.as_ref();
                rights = Rights::of(roles, &permissions);
                answers.users.impersonators = permissions.impersonators().cloned();
                let view = roles.map(|roles| View::of(roles, &permissions));
                answers.view = Some(view.unwrap_or_else(View::unknown));
            }
            // The server checks it again; what is not seen counts as not seen.
            Some(Err(why)) => {
                answers.view = Some(View::unknown());
                answers.no_permissions = Some(why);
            }
        }
        answers.rooms = self
            .rooms(questions, server.username.raw(), rights, existing)
            .await?;
        Ok(answers)
    }

    /// Looks users up, one request for each, with at most `most`. Those that are not told of were not asked for.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub async fn users(&self, names: &BTreeSet<String>, most: usize) -> Result<Users, ServerError> {
        let asked = names.iter().take(most).map(async |name| {
            let found = match told(self.user(name).await)? {
                Ok(Some(user)) => Found::User(user),
                Ok(None) => Found::Nobody,
                Err(why) => Found::Unknown(why),
            };
            Ok((name.clone(), found))
        });
        Ok(Users {
            found: all(asked.collect()).await?.into_iter().collect(),
            impersonators: None,
        })
    }

    /// Which roles hold which permission, if that is asked; why that is not known, if it is not.
    async fn permissions_if(
        &self,
        asked: bool,
    ) -> Result<Option<Result<Permissions, String>>, ServerError> {
        if !asked {
            return Ok(None);
        }
        match self.permissions().await {
            Err(error) if error.refuses_all() => Err(error),
            permissions => Ok(Some(permissions.map_err(|error| error.to_string()))),
        }
    }

    /// The user of exactly this name. The server takes ids for names too, and tells case apart where it counts.
    async fn user(&self, name: &str) -> Result<Option<User>, ServerError> {
        let query = [("username", name)];
        let mut object = match self.client.get(USER, &query).await {
            Ok(object) => object,
            Err(error) if error.is_nobody() => return Ok(None),
            Err(error) => return Err(error),
        };
        let Some(Json::Object(user)) = object.remove("user") else {
            return Err(ServerError::Undecodable(
                "`user` is not an object".to_owned(),
            ));
        };
        if self.client.required(&user, "username")?.raw() != name {
            return Ok(None);
        }
        Ok(Some(User {
            id: self.client.required(&user, "_id")?,
            roles: self.client.texts(&user, "roles"),
            active: user.get("active").and_then(Json::as_bool),
        }))
    }

    /// Which roles hold which permission.
    ///
    /// # Errors
    /// When the server does not tell.
    pub async fn permissions(&self) -> Result<Permissions, ServerError> {
        let object = self.client.get(PERMISSIONS, &[]).await?;
        let Some(Json::Array(permissions)) = object.get("update") else {
            return Err(ServerError::Undecodable(
                "`update` is not a list".to_owned(),
            ));
        };
        let permissions = permissions.iter().filter_map(Json::as_object);
        let holders = permissions.filter_map(|it| {
            let name = it.get("_id")?.as_str()?;
            Some((name.to_owned(), self.client.texts(it, "roles")?))
        });
        Ok(Permissions(holders.collect()))
    }
}
