//! The rows: one table per body and query, one schema per endpoint.
//!
//! Long because it is one table: taken apart, its columns could not be compared.

use super::super::era::Quirk;
use super::{Branch, Part, Property, Rule, Schema, Type, When};

/// Known in every era.
const ALWAYS: When = When::Always;
/// When `skipTranspile` is known.
const SKIP: When = When::With(Quirk::KnowsSkipTranspile);
/// When `scriptEngine` is known.
const ENGINE: When = When::With(Quirk::KnowsScriptEngine);
/// When the override of the destination is known and may be left out.
const OVERRIDE: When = When::WithButNot(Quirk::KnowsOverride, Quirk::RequiresOverride);
/// When it is mandatory.
const OVERRIDE_REQUIRED: When = When::With(Quirk::RequiresOverride);

/// A row: a key of one type that is not null.
const fn must(name: &'static str, types: &'static [Type], rule: Rule) -> Property {
    let told = types.len();
    Property {
        name,
        types,
        told,
        rule,
        when: ALWAYS,
    }
}

/// A row: a key that may be null.
const fn may(name: &'static str, types: &'static [Type]) -> Property {
    let told = types.len() - 1;
    Property {
        name,
        types,
        told,
        rule: Rule::Any,
        when: ALWAYS,
    }
}

/// The same row, known only in some eras.
const fn only(when: When, row: Property) -> Property {
    Property { when, ..row }
}

/// A row: a list of texts, or null.
const fn texts(name: &'static str) -> Property {
    let types = &[Type::List, Type::Null];
    Property {
        name,
        types,
        told: 1,
        rule: Rule::NotEmptyItems,
        when: ALWAYS,
    }
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
    must("type", TEXT, INCOMING),
    must("username", TEXT, Rule::Any),
    must("channel", TEXT, Rule::Any),
    must("scriptEnabled", FLAG, Rule::Any),
    only(SKIP, may("skipTranspile", FLAG_OR_NULL)),
    only(OVERRIDE_REQUIRED, must(OVERRIDE_KEY, FLAG, Rule::Any)),
    only(OVERRIDE, may(OVERRIDE_KEY, FLAG_OR_NULL)),
    may("script", TEXT_OR_NULL),
    must("name", TEXT, Rule::Any),
    must("enabled", FLAG, Rule::Any),
    may("alias", TEXT_OR_NULL),
    may("avatar", TEXT_OR_NULL),
    may("emoji", TEXT_OR_NULL),
    only(ENGINE, may("scriptEngine", TEXT_OR_NULL)),
];

/// The body that creates an outgoing integration.
const CREATE_OUTGOING: &[Property] = &[
    must("type", TEXT, OUTGOING),
    must("username", TEXT, Rule::Any),
    must("channel", TEXT, Rule::Any),
    must("event", TEXT, Rule::Any),
    may("targetRoom", TEXT_OR_NULL),
    texts("urls"),
    texts("triggerWords"),
    may("triggerWordAnywhere", FLAG_OR_NULL),
    may("token", TEXT_OR_NULL),
    must("scriptEnabled", FLAG, Rule::Any),
    only(SKIP, may("skipTranspile", FLAG_OR_NULL)),
    may("script", TEXT_OR_NULL),
    may("runOnEdits", FLAG_OR_NULL),
    may("retryFailedCalls", FLAG_OR_NULL),
    may("retryCount", NUMBER_OR_NULL),
    may("retryDelay", TEXT_OR_NULL),
    may("impersonateUser", FLAG_OR_NULL),
    must("name", TEXT, Rule::Any),
    must("enabled", FLAG, Rule::Any),
    may("alias", TEXT_OR_NULL),
    may("avatar", TEXT_OR_NULL),
    may("emoji", TEXT_OR_NULL),
    only(ENGINE, may("scriptEngine", TEXT_OR_NULL)),
];

/// The body that updates an incoming integration.
const UPDATE_INCOMING: &[Property] = &[
    must("type", TEXT, INCOMING),
    must("integrationId", TEXT, Rule::Any),
    must("channel", TEXT, Rule::Any),
    must("scriptEnabled", FLAG, Rule::Any),
    only(SKIP, may("skipTranspile", FLAG_OR_NULL)),
    only(ENGINE, must("scriptEngine", TEXT, Rule::Any)),
    only(OVERRIDE_REQUIRED, must(OVERRIDE_KEY, FLAG, Rule::Any)),
    only(OVERRIDE, may(OVERRIDE_KEY, FLAG_OR_NULL)),
    may("script", TEXT_OR_NULL),
    must("name", TEXT, Rule::Any),
    must("enabled", FLAG, Rule::Any),
    may("alias", TEXT_OR_NULL),
    may("avatar", TEXT_OR_NULL),
    may("emoji", TEXT_OR_NULL),
];

/// The body that updates an outgoing integration.
const UPDATE_OUTGOING: &[Property] = &[
    must("type", TEXT, OUTGOING),
    may("integrationId", TEXT_OR_NULL),
    may("target_url", TEXT_OR_NULL),
    must("username", TEXT, Rule::Any),
    must("channel", TEXT, Rule::Any),
    must("event", TEXT, Rule::Any),
    may("targetRoom", TEXT_OR_NULL),
    texts("urls"),
    texts("triggerWords"),
    may("triggerWordAnywhere", FLAG_OR_NULL),
    may("token", TEXT_OR_NULL),
    must("scriptEnabled", FLAG, Rule::Any),
    only(SKIP, may("skipTranspile", FLAG_OR_NULL)),
    only(OVERRIDE_REQUIRED, must(OVERRIDE_KEY, FLAG, Rule::Any)),
    only(ENGINE, must("scriptEngine", TEXT, Rule::Any)),
    may("script", TEXT_OR_NULL),
    may("runOnEdits", FLAG_OR_NULL),
    may("retryFailedCalls", FLAG_OR_NULL),
    may("retryCount", NUMBER_OR_NULL),
    may("retryDelay", TEXT_OR_NULL),
    may("impersonateUser", FLAG_OR_NULL),
    must("name", TEXT, Rule::Any),
    must("enabled", FLAG, Rule::Any),
    may("alias", TEXT_OR_NULL),
    may("avatar", TEXT_OR_NULL),
    may("emoji", TEXT_OR_NULL),
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
        when: ALWAYS,
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
const ID: Property = must("integrationId", TEXT, Rule::Any);
/// The address that an outgoing integration calls.
const TARGET_URL: Property = must("target_url", TEXT, Rule::Any);

/// `integrations.remove`
pub(in super::super) static REMOVE: Schema = body(&[
    open("type integrationId", &[must("type", TEXT, INCOMING), ID]),
    open(
        "type target_url",
        &[must("type", TEXT, OUTGOING), TARGET_URL],
    ),
    open("type integrationId", &[must("type", TEXT, OUTGOING), ID]),
]);

/// `integrations.get`
pub(in super::super) static GET: Schema =
    query(&[open("integrationId", &[ID, may("createdBy", TEXT_OR_NULL)])]);

/// `integrations.list`, from 7.0
pub(in super::super) static LIST: Schema = Schema {
    when: When::With(Quirk::FiltersList),
    ..query(&[closed(
        "",
        &[
            may("count", PAGE_OR_NULL),
            may("offset", PAGE_OR_NULL),
            may("sort", TEXT_OR_NULL),
            may("name", TEXT_OR_NULL),
            may("type", TEXT_OR_NULL),
            may("query", TEXT_OR_NULL),
        ],
    )])
};

/// `integrations.history`
pub(in super::super) static HISTORY: Schema = Schema {
    coerced_early: true,
    ..query(&[closed(
        "id",
        &[
            must("id", TEXT, Rule::NotEmpty),
            may("offset", NUMBER_OR_NULL),
            may("count", NUMBER_OR_NULL),
            may("sort", TEXT_OR_NULL),
            may("query", TEXT_OR_NULL),
        ],
    )])
};

/// `integrations.clearHistory`
pub(in super::super) static CLEAR_HISTORY: Schema = body(&[closed(
    "integrationId",
    &[must("integrationId", TEXT, Rule::NotEmpty)],
)]);
