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

/// `integrations.create`
pub(in super::super) static CREATE: Schema = Schema {
    part: Part::Body,
    coerced_early: false,
    branches: &[
        Branch {
            properties: CREATE_INCOMING,
            required: &[
                ("type", ALWAYS),
                ("username", ALWAYS),
                ("channel", ALWAYS),
                ("scriptEnabled", ALWAYS),
                (OVERRIDE_KEY, OVERRIDE_REQUIRED),
                ("name", ALWAYS),
                ("enabled", ALWAYS),
            ],
            closed: true,
        },
        Branch {
            properties: CREATE_OUTGOING,
            required: &[
                ("type", ALWAYS),
                ("username", ALWAYS),
                ("channel", ALWAYS),
                ("event", ALWAYS),
                ("scriptEnabled", ALWAYS),
                ("name", ALWAYS),
                ("enabled", ALWAYS),
            ],
            closed: true,
        },
    ],
};

/// `integrations.update`
pub(in super::super) static UPDATE: Schema = Schema {
    part: Part::Body,
    coerced_early: false,
    branches: &[
        Branch {
            properties: UPDATE_INCOMING,
            required: &[
                ("integrationId", ALWAYS),
                ("type", ALWAYS),
                ("channel", ALWAYS),
                ("scriptEnabled", ALWAYS),
                (OVERRIDE_KEY, OVERRIDE_REQUIRED),
                ("name", ALWAYS),
                ("enabled", ALWAYS),
            ],
            closed: false,
        },
        Branch {
            properties: UPDATE_OUTGOING,
            required: &[
                ("type", ALWAYS),
                ("username", ALWAYS),
                ("channel", ALWAYS),
                ("event", ALWAYS),
                ("scriptEnabled", ALWAYS),
                (OVERRIDE_KEY, OVERRIDE_REQUIRED),
                ("name", ALWAYS),
                ("enabled", ALWAYS),
            ],
            closed: true,
        },
    ],
};

/// `integrations.remove`
pub(in super::super) static REMOVE: Schema = Schema {
    part: Part::Body,
    coerced_early: false,
    branches: &[
        Branch {
            properties: &[
                must("type", TEXT, INCOMING),
                must("integrationId", TEXT, Rule::Any),
            ],
            required: &[("type", ALWAYS), ("integrationId", ALWAYS)],
            closed: false,
        },
        Branch {
            properties: &[
                must("type", TEXT, OUTGOING),
                must("target_url", TEXT, Rule::Any),
            ],
            required: &[("type", ALWAYS), ("target_url", ALWAYS)],
            closed: false,
        },
        Branch {
            properties: &[
                must("type", TEXT, OUTGOING),
                must("integrationId", TEXT, Rule::Any),
            ],
            required: &[("type", ALWAYS), ("integrationId", ALWAYS)],
            closed: false,
        },
    ],
};

/// `integrations.get`
pub(in super::super) static GET: Schema = Schema {
    part: Part::Query,
    coerced_early: false,
    branches: &[Branch {
        properties: &[
            must("integrationId", TEXT, Rule::Any),
            may("createdBy", TEXT_OR_NULL),
        ],
        required: &[("integrationId", ALWAYS)],
        closed: false,
    }],
};

/// `integrations.list`, from 7.0
pub(in super::super) static LIST: Schema = Schema {
    part: Part::Query,
    coerced_early: false,
    branches: &[Branch {
        properties: &[
            may("count", PAGE_OR_NULL),
            may("offset", PAGE_OR_NULL),
            may("sort", TEXT_OR_NULL),
            may("name", TEXT_OR_NULL),
            may("type", TEXT_OR_NULL),
            may("query", TEXT_OR_NULL),
        ],
        required: &[],
        closed: true,
    }],
};

/// `integrations.history`
pub(in super::super) static HISTORY: Schema = Schema {
    part: Part::Query,
    coerced_early: true,
    branches: &[Branch {
        properties: &[
            must("id", TEXT, Rule::NotEmpty),
            may("offset", NUMBER_OR_NULL),
            may("count", NUMBER_OR_NULL),
            may("sort", TEXT_OR_NULL),
            may("query", TEXT_OR_NULL),
        ],
        required: &[("id", ALWAYS)],
        closed: true,
    }],
};

/// `integrations.clearHistory`
pub(in super::super) static CLEAR_HISTORY: Schema = Schema {
    part: Part::Body,
    coerced_early: false,
    branches: &[Branch {
        properties: &[must("integrationId", TEXT, Rule::NotEmpty)],
        required: &[("integrationId", ALWAYS)],
        closed: true,
    }],
};
