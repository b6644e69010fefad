//! Where integrations post: what to ask, and what makes the server refuse it (docs/server.md#existence, #rights-to-a-channel).

use std::collections::BTreeSet;

use crate::integration::{Field, Fields, LeftOut, Role, Shape, Value};
use crate::observed::{ObservedState, Target, TargetStatus};
use crate::plan::Reason;
use crate::redactor::ServerText;

/// What these values post to, as far as the server checks it when it is written.
pub(in crate::plan) fn targets(fields: &Fields) -> Vec<Target> {
    let checked = |field: &Field| {
        field.role == Role::Destination
            && field.shape == Shape::Joined
            && (field.left_out == LeftOut::Required || fields.require(field))
    };
    let lists = fields.iter().filter(|(field, _)| checked(field));
    let items = lists.flat_map(|(_, value)| match value {
        Value::List(items) => items.as_slice(),
        _ => &[],
    });
    let parts = items.filter_map(|item| item.as_plain());
    let parts = parts.flat_map(|item| item.split(',')).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| Target {
            kind: fields.kind(),
            name: part.to_owned(),
        })
        .collect()
}

/// What makes the server refuse these values for certain: each of their targets that it does not take.
pub(super) fn refusals(to: &Fields, observed: &ObservedState) -> Vec<Reason> {
    let mut seen = BTreeSet::new();
    let reasons = targets(to).into_iter().filter_map(|target| {
        let status = observed.rooms.found.get(&target)?;
        let reason = reason(&target, status)?;
        seen.insert(target).then_some(reason)
    });
    reasons.collect()
}

fn reason(target: &Target, status: &TargetStatus) -> Option<Reason> {
    let (name, kind) = (&target.name, target.kind.word());
    let noun = noun(name);
    let near =
        |near: &Option<ServerText>| near.as_ref().map(|near| format!("did you mean `{near}`?"));
    let both = format!(
        "use an account with `manage-{kind}-integrations` and `manage-own-{kind}-integrations`"
    );
    Some(match status {
        TargetStatus::Ok | TargetStatus::Unknown(_) => return None,
        TargetStatus::Missing { near: like } => Reason::new(
            format!("{noun}-missing: there is no {noun} `{name}`"),
            near(like).unwrap_or_else(|| {
                format!("create the {noun}, or correct its name (case matters)")
            }),
        ),
        TargetStatus::NotIn { near: like } => Reason::new(
            format!("room-out-of-reach: this account is not in a room `{name}`, or there is none"),
            near(like).unwrap_or_else(|| format!("add the account to the room, or {both}")),
        ),
        TargetStatus::NoUsers => Reason::new(
            format!("user-out-of-reach: webhooks of this account cannot post to users (`{name}`)"),
            format!("choose a room that the account is in, or {both}"),
        ),
        TargetStatus::NoScope => Reason::new(
            format!("scope-out-of-reach: this account may not use `{name}`"),
            "use an account with `manage-outgoing-integrations`",
        ),
    })
}

/// What a target is.
pub(super) fn noun(target: &str) -> &'static str {
    if target.starts_with('@') {
        "user"
    } else if target.starts_with('#') {
        "room"
    } else {
        "scope"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::integration::Kind;
    use crate::secret::Text;

    fn list(items: &[&str]) -> Value {
        Value::List(items.iter().map(|item| Text::from(*item)).collect())
    }

    #[test]
    fn what_the_server_checks_is_asked() {
        let mut incoming = Fields::new(Kind::Incoming);
        incoming.set("channel", Some(list(&["#a", " #b , @c"])));
        let names = |fields: &Fields| {
            let names = targets(fields).into_iter().map(|it| it.name);
            names.collect::<Vec<_>>()
        };
        assert_eq!(names(&incoming), ["#a", "#b", "@c"]);
        let mut outgoing = Fields::new(Kind::Outgoing);
        outgoing.set("channel", Some(list(&["#a"])));
        outgoing.set("targetRoom", Some(Value::Text("#t".into())));
        for (event, asked) in [("sendMessage", 1), ("userCreated", 0), ("roomCreated", 0)] {
            outgoing.set("event", Some(Value::Text(event.into())));
            assert_eq!(names(&outgoing).len(), asked, "{event}");
        }
    }

    #[test]
    fn only_what_is_certain_refuses() {
        let told = |name: &str, status| {
            let target = Target {
                kind: Kind::Incoming,
                name: name.to_owned(),
            };
            reason(&target, &status).map(|it| {
                format!(
                    "{}\n{}",
                    it.problem.message,
                    it.problem.help.unwrap_or_default()
                )
            })
        };
        let near = Some("#ops".into());
        assert_eq!(told("#x", TargetStatus::Ok), None);
        assert_eq!(told("#x", TargetStatus::Unknown("403".to_owned())), None);
        insta::assert_snapshot!([
            told("#Ops", TargetStatus::Missing { near: near.clone() }),
            told("@x", TargetStatus::Missing { near: None }),
            told("#Ops", TargetStatus::NotIn { near }),
            told("#x", TargetStatus::NotIn { near: None }),
            told("@x", TargetStatus::NoUsers),
            told("all_direct_messages", TargetStatus::NoScope),
        ].map(Option::unwrap).join("\n"), @"
        room-missing: there is no room `#Ops`
        did you mean `#ops`?
        user-missing: there is no user `@x`
        create the user, or correct its name (case matters)
        room-out-of-reach: this account is not in a room `#Ops`, or there is none
        did you mean `#ops`?
        room-out-of-reach: this account is not in a room `#x`, or there is none
        add the account to the room, or use an account with `manage-incoming-integrations` and `manage-own-incoming-integrations`
        user-out-of-reach: webhooks of this account cannot post to users (`@x`)
        choose a room that the account is in, or use an account with `manage-incoming-integrations` and `manage-own-incoming-integrations`
        scope-out-of-reach: this account may not use `all_direct_messages`
        use an account with `manage-outgoing-integrations`
        ");
    }
}
