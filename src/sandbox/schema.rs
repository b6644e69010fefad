//! The server's request schemas, per version, as data (reference 2.3, 3.2).
//!
//! Owns which keys an endpoint takes and in which order they are looked at. How a schema is applied,
//! and in which words it refuses, is in `validate`; the looser second look of create is in `loose`.
//! The rows follow the order of the published schemas, because the first failing rule is the one told.

use super::era::{Era, Quirk};

/// A JSON type that a schema can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    Text,
    Number,
    Flag,
    List,
    Null,
}

/// What a key must fulfil beside its type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Any,
    /// Contains this text (the patterns are not anchored).
    Pattern(&'static str),
    /// At least one character.
    NotEmpty,
    /// A list of texts of at least one character.
    NotEmptyItems,
}

/// In which eras a key is known.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    Always,
    With(Quirk),
    WithButNot(Quirk, Quirk),
}

impl When {
    /// Whether the key is known in this era.
    pub(super) fn holds(self, era: &Era) -> bool {
        match self {
            Self::Always => true,
            Self::With(quirk) => era.has(quirk),
            Self::WithButNot(quirk, other) => era.has(quirk) && !era.has(other),
        }
    }
}

/// One key of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) types: &'static [Type],
    /// How many of `types` the refusal names: the null of a nullable key is not told.
    pub(super) told: usize,
    pub(super) rule: Rule,
    pub(super) when: When,
}

/// One kind of object that a schema takes.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) properties: &'static [Property],
    pub(super) required: &'static [(&'static str, When)],
    pub(super) closed: bool,
}

/// Which part of the request a schema is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Body,
    Query,
}

/// What an endpoint takes: exactly one of the branches.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) part: Part,
    /// Scalars were coerced here before every schema did so (only the history's numbers were).
    pub(super) coerced_early: bool,
    pub(super) branches: &'static [Branch],
}

const ALWAYS: When = When::Always;
const SKIP: When = When::With(Quirk::KnowsSkipTranspile);
const ENGINE: When = When::With(Quirk::KnowsScriptEngine);
const OVERRIDE: When = When::WithButNot(Quirk::KnowsOverride, Quirk::RequiresOverride);
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

const TEXT: &[Type] = &[Type::Text];
const FLAG: &[Type] = &[Type::Flag];
const TEXT_OR_NULL: &[Type] = &[Type::Text, Type::Null];
const FLAG_OR_NULL: &[Type] = &[Type::Flag, Type::Null];
const NUMBER_OR_NULL: &[Type] = &[Type::Number, Type::Null];
const PAGE_OR_NULL: &[Type] = &[Type::Number, Type::Text, Type::Null];

const INCOMING: Rule = Rule::Pattern("webhook-incoming");
const OUTGOING: Rule = Rule::Pattern("webhook-outgoing");
const OVERRIDE_KEY: &str = "overrideDestinationChannelEnabled";

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
pub(super) static CREATE: Schema = Schema {
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
pub(super) static UPDATE: Schema = Schema {
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
pub(super) static REMOVE: Schema = Schema {
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
pub(super) static GET: Schema = Schema {
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
pub(super) static LIST: Schema = Schema {
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
pub(super) static HISTORY: Schema = Schema {
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
pub(super) static CLEAR_HISTORY: Schema = Schema {
    part: Part::Body,
    coerced_early: false,
    branches: &[Branch {
        properties: &[must("integrationId", TEXT, Rule::NotEmpty)],
        required: &[("integrationId", ALWAYS)],
        closed: true,
    }],
};
