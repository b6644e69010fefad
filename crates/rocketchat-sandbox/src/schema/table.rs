//! The rows: one table per body and query, one schema per endpoint.
//!
//! Long because it is one table: taken apart, its columns could not be compared.

use super::super::profile::Quirk;
use super::{Branch, Part, Property, Rule, Schema, Type, When};

/// When `skipTranspile` is known.
const SKIP: When = When::With(Quirk::KnowsSkipTranspile);
/// When `scriptEngine` is known.
const ENGINE: When = When::With(Quirk::KnowsScriptEngine);
/// When `query` is taken, and ignored.
const QUERY: When = When::Without(Quirk::RefusesQuery);
/// When the override of the destination is known and may be left out.
const OVERRIDE: When = When::WithButNot(Quirk::KnowsOverride, Quirk::RequiresOverride);
/// When it is mandatory.
const OVERRIDE_REQUIRED: When = When::With(Quirk::RequiresOverride);

/// A row: a key and what it must fulfil.
const fn row(name: &'static str, types: &'static [Type], rule: Rule) -> Property {
    let when = When::Always;
    Property {
        name,
        types,
        rule,
        when,
    }
}

/// A row: a key of these types.
const fn key(name: &'static str, types: &'static [Type]) -> Property {
    row(name, types, Rule::Any)
}

/// The same row, known only in some eras.
const fn only(when: When, row: Property) -> Property {
    Property { when, ..row }
}

/// A row: a list of strings, or null.
const fn texts(name: &'static str) -> Property {
    row(name, &[Type::List, Type::Null], Rule::NotEmptyItems)
}

/// A text, not null.
const TEXT: &[Type] = &[Type::Text];
/// A flag, not null.
const FLAG: &[Type] = &[Type::Flag];
/// A text, or null.
const TEXT_OR_NULL: &[Type] = &[Type::Text, Type::Null];
/// A flag, or null.
const FLAG_OR_NULL: &[Type] = &[Type::Flag, Type::Null];
/// A number, or null.
const NUMBER_OR_NULL: &[Type] = &[Type::Number, Type::Null];
/// What pages are counted with in queries.
const PAGE_OR_NULL: &[Type] = &[Type::Number, Type::Text, Type::Null];

/// The type of an incoming integration, in any text that holds it.
const INCOMING: Rule = Rule::Pattern("webhook-incoming");
/// The type of an outgoing integration, in any text that holds it.
const OUTGOING: Rule = Rule::Pattern("webhook-outgoing");
/// Whether a payload may choose another destination.
const OVERRIDE_KEY: &str = "overrideDestinationChannelEnabled";

/// The body that creates an incoming integration.
const CREATE_INCOMING: &[Property] = &[
    row("type", TEXT, INCOMING),
    key("username", TEXT),
    key("channel", TEXT),
    key("scriptEnabled", FLAG),
    only(SKIP, key("skipTranspile", FLAG_OR_NULL)),
    only(OVERRIDE_REQUIRED, key(OVERRIDE_KEY, FLAG)),
    only(OVERRIDE, key(OVERRIDE_KEY, FLAG_OR_NULL)),
    key("script", TEXT_OR_NULL),
    key("name", TEXT),
    key("enabled", FLAG),
    key("alias", TEXT_OR_NULL),
    key("avatar", TEXT_OR_NULL),
    key("emoji", TEXT_OR_NULL),
    only(ENGINE, key("scriptEngine", TEXT_OR_NULL)),
];

/// The body that creates an outgoing integration.
const CREATE_OUTGOING: &[Property] = &[
    row("type", TEXT, OUTGOING),
    key("username", TEXT),
    key("channel", TEXT),
    key("event", TEXT),
    key("targetRoom", TEXT_OR_NULL),
    texts("urls"),
    texts("triggerWords"),
    key("triggerWordAnywhere", FLAG_OR_NULL),
    key("token", TEXT_OR_NULL),
    key("scriptEnabled", FLAG),
    only(SKIP, key("skipTranspile", FLAG_OR_NULL)),
    key("script", TEXT_OR_NULL),
    key("runOnEdits", FLAG_OR_NULL),
    key("retryFailedCalls", FLAG_OR_NULL),
    key("retryCount", NUMBER_OR_NULL),
    key("retryDelay", TEXT_OR_NULL),
    key("impersonateUser", FLAG_OR_NULL),
    key("name", TEXT),
    key("enabled", FLAG),
    key("alias", TEXT_OR_NULL),
    key("avatar", TEXT_OR_NULL),
    key("emoji", TEXT_OR_NULL),
    only(ENGINE, key("scriptEngine", TEXT_OR_NULL)),
];

/// The body that updates an incoming integration.
const UPDATE_INCOMING: &[Property] = &[
    row("type", TEXT, INCOMING),
    key("integrationId", TEXT),
    key("channel", TEXT),
    key("scriptEnabled", FLAG),
    only(SKIP, key("skipTranspile", FLAG_OR_NULL)),
    only(ENGINE, key("scriptEngine", TEXT)),
    only(OVERRIDE_REQUIRED, key(OVERRIDE_KEY, FLAG)),
    only(OVERRIDE, key(OVERRIDE_KEY, FLAG_OR_NULL)),
    key("script", TEXT_OR_NULL),
    key("name", TEXT),
    key("enabled", FLAG),
    key("alias", TEXT_OR_NULL),
    key("avatar", TEXT_OR_NULL),
    key("emoji", TEXT_OR_NULL),
];

/// The body that updates an outgoing integration.
const UPDATE_OUTGOING: &[Property] = &[
    row("type", TEXT, OUTGOING),
    key("integrationId", TEXT_OR_NULL),
    key("target_url", TEXT_OR_NULL),
    key("username", TEXT),
    key("channel", TEXT),
    key("event", TEXT),
    key("targetRoom", TEXT_OR_NULL),
    texts("urls"),
    texts("triggerWords"),
    key("triggerWordAnywhere", FLAG_OR_NULL),
    key("token", TEXT_OR_NULL),
    key("scriptEnabled", FLAG),
    only(SKIP, key("skipTranspile", FLAG_OR_NULL)),
    only(OVERRIDE_REQUIRED, key(OVERRIDE_KEY, FLAG)),
    only(ENGINE, key("scriptEngine", TEXT)),
    key("script", TEXT_OR_NULL),
    key("runOnEdits", FLAG_OR_NULL),
    key("retryFailedCalls", FLAG_OR_NULL),
    key("retryCount", NUMBER_OR_NULL),
    key("retryDelay", TEXT_OR_NULL),
    key("impersonateUser", FLAG_OR_NULL),
    key("name", TEXT),
    key("enabled", FLAG),
    key("alias", TEXT_OR_NULL),
    key("avatar", TEXT_OR_NULL),
    key("emoji", TEXT_OR_NULL),
];

/// Objects that must have these keys, and may have others.
const fn open(required: &'static str, properties: &'static [Property]) -> Branch {
    Branch {
        properties,
        required,
        closed: false,
    }
}

/// Objects that must have these keys, and no others than those of the rows.
const fn closed(required: &'static str, properties: &'static [Property]) -> Branch {
    Branch {
        closed: true,
        ..open(required, properties)
    }
}

/// The schema of a body.
const fn body(branches: &'static [Branch]) -> Schema {
    Schema {
        part: Part::Body,
        coerced_early: false,
        branches,
        when: When::Always,
    }
}

/// The schema of a query.
const fn query(branches: &'static [Branch]) -> Schema {
    Schema {
        part: Part::Query,
        ..body(branches)
    }
}

/// `integrations.create`
pub(in super::super) static CREATE: Schema = body(&[
    closed(
        "type username channel scriptEnabled overrideDestinationChannelEnabled name enabled",
        CREATE_INCOMING,
    ),
    closed(
        "type username channel event scriptEnabled name enabled",
        CREATE_OUTGOING,
    ),
]);

/// `integrations.update`
pub(in super::super) static UPDATE: Schema = body(&[
    open(
        "integrationId type channel scriptEnabled overrideDestinationChannelEnabled name enabled",
        UPDATE_INCOMING,
    ),
    closed(
        "type username channel event scriptEnabled overrideDestinationChannelEnabled name enabled",
        UPDATE_OUTGOING,
    ),
]);

/// The `_id` of an integration.
const ID: Property = key("integrationId", TEXT);
/// The address that an outgoing integration calls.
const TARGET_URL: Property = key("target_url", TEXT);

/// `integrations.remove`
pub(in super::super) static REMOVE: Schema = body(&[
    open("type integrationId", &[row("type", TEXT, INCOMING), ID]),
    open(
        "type target_url",
        &[row("type", TEXT, OUTGOING), TARGET_URL],
    ),
    open("type integrationId", &[row("type", TEXT, OUTGOING), ID]),
]);

/// `integrations.get`
pub(in super::super) static GET: Schema =
    query(&[open("integrationId", &[ID, key("createdBy", TEXT_OR_NULL)])]);

/// `integrations.list`, from 7.0
pub(in super::super) static LIST: Schema = Schema {
    when: When::With(Quirk::FiltersList),
    ..query(&[closed(
        "",
        &[
            key("count", PAGE_OR_NULL),
            key("offset", PAGE_OR_NULL),
            key("sort", TEXT_OR_NULL),
            key("name", TEXT_OR_NULL),
            key("type", TEXT_OR_NULL),
            only(QUERY, key("query", TEXT_OR_NULL)),
        ],
    )])
};

/// `integrations.history`
pub(in super::super) static HISTORY: Schema = Schema {
    coerced_early: true,
    ..query(&[closed(
        "id",
        &[
            row("id", TEXT, Rule::NotEmpty),
            key("offset", NUMBER_OR_NULL),
            key("count", NUMBER_OR_NULL),
            key("sort", TEXT_OR_NULL),
            only(QUERY, key("query", TEXT_OR_NULL)),
        ],
    )])
};

/// `integrations.clearHistory`
pub(in super::super) static CLEAR_HISTORY: Schema = body(&[closed(
    "integrationId",
    &[row("integrationId", TEXT, Rule::NotEmpty)],
)]);
