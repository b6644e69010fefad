//! What the servers' engines offer to a script besides the language (docs/server.md#script-globals).

/// A global that scripts were written with and that `isolated-vm` does not have.
pub(super) struct Global {
    pub(super) name: &'static str,
    /// What to do in its place.
    pub(super) instead: &'static str,
}

const FETCH: &str = "use `await fetch(url, options)` in an `async` method";
const LANGUAGE: &str = "use the methods of arrays and objects";
const DATES: &str = "use `Date` or `Intl.DateTimeFormat`";
const NO_TIMERS: &str = "there are no timers: a method returns, or its promise settles";
const NO_MODULES: &str = "a script is a single file: it cannot import or export";
const NO_NODE: &str =
    "there is the language, `s`, `console`, `fetch` and `Store`, and nothing of Node";
const NO_BROWSER: &str =
    "there is the language, `s`, `console`, `fetch` and `Store`, and nothing of a browser";
const NO_MODELS: &str = "a script cannot reach the database: use the REST API through `fetch`";

const fn global(name: &'static str, instead: &'static str) -> Global {
    Global { name, instead }
}

/// Those that `vm2` had: while a script is loaded they are stood in for, so that the rest of it can be looked at.
pub(super) const OF_VM2: &[Global] = &[
    global("HTTP", FETCH),
    global("_", LANGUAGE),
    global("moment", DATES),
    global("Users", NO_MODELS),
    global("Rooms", NO_MODELS),
    global("Messages", NO_MODELS),
    global("Subscriptions", NO_MODELS),
    global("Settings", NO_MODELS),
    global("Livechat", NO_MODELS),
];

/// Those that neither engine ever had.
pub(super) const OF_OTHERS: &[Global] = &[
    global("require", NO_MODULES),
    global("module", NO_MODULES),
    global("exports", NO_MODULES),
    global("setTimeout", NO_TIMERS),
    global("setInterval", NO_TIMERS),
    global("setImmediate", NO_TIMERS),
    global("process", NO_NODE),
    global("Buffer", NO_NODE),
    global("URL", NO_NODE),
    global("URLSearchParams", NO_NODE),
    global("TextEncoder", NO_NODE),
    global("TextDecoder", NO_NODE),
    global("atob", NO_NODE),
    global("btoa", NO_NODE),
    global("crypto", NO_NODE),
    global("structuredClone", NO_NODE),
    global("XMLHttpRequest", FETCH),
    global("axios", FETCH),
    global("lodash", LANGUAGE),
    global("window", NO_BROWSER),
    global("document", NO_BROWSER),
    global(
        "localStorage",
        "use `Store.set(key, value)` and `Store.get(key)`",
    ),
    global("Meteor", NO_MODELS),
];

/// What `s` has since 6.0.
pub(super) const OF_STRINGS: [&str; 13] = [
    "truncate",
    "trim",
    "ltrim",
    "rtrim",
    "capitalize",
    "stripTags",
    "strLeft",
    "strRight",
    "strRightBack",
    "numberFormat",
    "pad",
    "lrpad",
    "wildcardToRegex",
];

/// What every object has.
pub(super) const OF_OBJECTS: [&str; 6] = [
    "constructor",
    "hasOwnProperty",
    "toString",
    "valueOf",
    "isPrototypeOf",
    "propertyIsEnumerable",
];

/// Whether every engine of a server has a global of that name: those of the language, and the server's own.
pub(super) fn is_known(name: &str) -> bool {
    const KNOWN: &str = " AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error \
        EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator \
        JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol \
        SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly \
        arguments console decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval fetch global globalThis isFinite \
        isNaN ivm parseFloat parseInt reproxy s Script serverFetch Store undefined unescape ";
    KNOWN.contains(&format!(" {name} "))
}

/// The global of that name, if it is one that is missed.
pub(super) fn absent(name: &str) -> Option<&'static Global> {
    OF_VM2
        .iter()
        .chain(OF_OTHERS)
        .find(|global| global.name == name)
}
