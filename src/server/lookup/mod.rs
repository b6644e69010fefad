//! Look-ups before a write: who the users are that integrations post as, and who may do what (reference 9.1, 1.7).
//!
//! An answer that does not come is *unknown*, never "nobody": a plan says so and goes on. Refused credentials end
//! the look-up.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Reader;
use crate::client::ServerError;
use crate::observed::{Found, Permissions, User, Users};

mod targets;

const USER: &str = "api/v1/users.info";
const PERMISSIONS: &str = "api/v1/permissions.listAll";

impl Reader {
    /// Looks users up, one request for each, with at most `most`. Those that are not told of were not asked for.
    ///
    /// # Errors
    /// Only where every other request will be refused too.
    pub async fn users(&self, names: &BTreeSet<String>, most: usize) -> Result<Users, ServerError> {
        let mut found = BTreeMap::new();
        for name in names.iter().take(most) {
            let answer = match self.user(name).await {
                Ok(Some(user)) => Found::User(user),
                Ok(None) => Found::Nobody,
                Err(ServerError::Unauthorised) => return Err(ServerError::Unauthorised),
                Err(error) => Found::Unknown(error.to_string()),
            };
            found.insert(name.clone(), answer);
        }
        Ok(Users {
            found,
            impersonators: None,
        })
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
            return Err(ServerError::Undecodable("`user` is no object".to_owned()));
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
            return Err(ServerError::Undecodable("`update` is no list".to_owned()));
        };
        let permissions = permissions.iter().filter_map(Json::as_object);
        let holders = permissions.filter_map(|it| {
            let name = it.get("_id")?.as_str()?;
            Some((name.to_owned(), self.client.texts(it, "roles")?))
        });
        Ok(Permissions(holders.collect()))
    }
}
