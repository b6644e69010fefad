// What a script finds around it, and what the host asks of its context. It runs before the script, in the script's own
// context, and keeps for itself every built-in function that it needs later: a script may change all of them.
(function (native) {
  'use strict';
  const { apply, construct, defineProperty, getPrototypeOf } = Reflect;
  const { create, getOwnPropertyDescriptor, setPrototypeOf } = Object;
  const { prototype: ofObjects } = Object;
  const bound = (method) => (self, ...rest) => apply(method, self, rest);
  const toTag = ofObjects.toString;
  const textOf = bound(Function.prototype.toString);
  const { isView } = ArrayBuffer;
  const { WeakMap, Promise, Error, TypeError, String, RegExp, Proxy, Date, Map, Set, ArrayBuffer: Buffer } = globalThis;
  const getter = (owner, key) => bound(getOwnPropertyDescriptor(owner, key).get);

  const put = (owner, key, value, enumerable = true) =>
    defineProperty(owner, key, { value, enumerable, writable: true, configurable: true });
  const own = (entries) => setPrototypeOf(entries, null);

  // ---- Errors: V8's words, its stacks, and their places ----
  const site = getPrototypeOf(
    (() => {
      let one;
      Error.prepareStackTrace = (_, sites) => (one = sites[0]);
      new Error().stack;
      return one;
    })(),
  );
  const fileOf = bound(site.getFileName);
  const lineOf = bound(site.getLineNumber);
  const columnOf = bound(site.getColumnNumber);
  const nameOf = bound(site.getFunctionName);
  const functionOf = bound(site.getFunction);
  const placesGet = bound(WeakMap.prototype.get);
  const placesSet = bound(WeakMap.prototype.set);
  const places = new WeakMap();

  // Whether a function is the constructor of the error's class: V8 leaves those out of its stacks.
  const makes = (called, error) => {
    for (let one = getPrototypeOf(error), depth = 0; one && depth < 20; one = getPrototypeOf(one), depth++) {
      const made = getOwnPropertyDescriptor(one, 'constructor');
      if (made && made.value === called) return true;
    }
    return false;
  };

  const { prototype: ofRanges } = RangeError;
  const ownValue = (error, key) => {
    const found = getOwnPropertyDescriptor(error, key);
    return found && typeof found.value === 'string' ? found.value : '';
  };
  Error.prepareStackTrace = (error, sites) => {
    let first;
    let text = '';
    let message = ownValue(error, 'message');
    // This engine finds out inside of the class that it was called.
    const inClass = message === "class constructors must be invoked with 'new'";
    let leading = true;
    for (let at = inClass ? 1 : 0; at < sites.length; at++) {
      const frame = sites[at];
      const file = fileOf(frame);
      // The host's own functions, JSON and code that the script made count as where they were called.
      if (file !== 'script' && file !== 'frame') continue;
      if (leading && makes(functionOf(frame), error)) continue;
      leading = false;
      const line = lineOf(frame);
      const column = columnOf(frame);
      if (!first) first = own({ file, line, column });
      if (at < 10) text += native.frame(nameOf(frame) || '', file, line, column);
    }
    let name = 'Error';
    try {
      name = String(error.name);
      const words = native.reword(name, message, first ? first.line : 0, first ? first.column : 0);
      if (words !== undefined) {
        message = words;
        put(error, 'message', words, false);
        if (name === 'InternalError') {
          name = 'RangeError';
          setPrototypeOf(error, ofRanges);
        }
      }
    } catch {}
    placesSet(places, error, first || own({ file: '' }));
    return (message ? name + ': ' + message : name) + text;
  };
  // The engine keeps the function above; the property itself is the script's, as in V8.
  defineProperty(Error, 'prepareStackTrace', { value: undefined, writable: true, configurable: true, enumerable: false });

  // ---- Copies ----
  const date = bound(Date.prototype.getTime);
  const source = getter(RegExp.prototype, 'source');
  const flags = getter(RegExp.prototype, 'flags');
  const isRegExp = getter(RegExp.prototype, 'global');
  const mapEach = bound(Map.prototype.forEach);
  const setEach = bound(Set.prototype.forEach);
  const bytesName = getter(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
  const bufferLength = getter(Buffer.prototype, 'byteLength');
  const boxes = [Number, String, Boolean, BigInt, Symbol].map((kind) => bound(kind.prototype.valueOf));
  const viewLength = getter(DataView.prototype, 'byteLength');
  const viewByte = bound(DataView.prototype.getUint8);
  const weak = [
    [WeakMap, 'WeakMap'],
    [WeakSet, 'WeakSet'],
  ].map(([kind, name]) => [bound(kind.prototype.has), name]);
  const deref = bound(WeakRef.prototype.deref);
  const refused = own({
    Arguments: 'Object',
    Generator: 'Generator',
    AsyncGenerator: 'AsyncGenerator',
    'Map Iterator': 'Map Iterator',
    'Set Iterator': 'Set Iterator',
    'Array Iterator': 'Array Iterator',
    'String Iterator': 'String Iterator',
    'RegExp String Iterator': 'RegExp String Iterator',
  });
  const attempt = (ask, object) => {
    try {
      return [ask(object)];
    } catch {
      return undefined;
    }
  };

  // What kind of object this is that is neither plain, a list, an error, a function, a promise nor a proxy:
  // a list of its kind and what is in it, or the name of what cannot be copied. Of a function, its text; of a string,
  // the same without halves of surrogate pairs.
  const inspect = (object) => {
    let found;
    if (typeof object === 'string') return wellFormed(object);
    if (typeof object === 'function') return textOf(object);
    if (object === globalThis) return 'Object';
    if ((found = attempt(date, object))) return ['date', found[0]];
    // The prototype answers too, with nothing.
    if ((found = attempt(isRegExp, object)) && found[0] !== undefined) return ['regexp', source(object), flags(object)];
    const list = [];
    let count = 0;
    const keep = (value) => put(list, count++, value);
    if (attempt((one) => mapEach(one, (value, key) => (keep(key), keep(value))), object)) return ['map', list];
    if (attempt((one) => setEach(one, keep), object)) return ['set', list];
    if (isView(object)) {
      const name = bytesName(object);
      if (name === undefined) for (let at = 0; at < viewLength(object); at++) keep(viewByte(object, at));
      else for (let at = 0; at < object.length; at++) keep(object[at]);
      return ['bytes', name || 'DataView', list];
    }
    if (attempt(bufferLength, object)) {
      const bytes = new Uint8Array(object);
      for (let at = 0; at < bytes.length; at++) keep(bytes[at]);
      return ['buffer', list];
    }
    for (let at = 0; at < boxes.length; at++) {
      if ((found = attempt(boxes[at], object))) return typeof found[0] === 'symbol' ? 'Object' : ['boxed', found[0]];
    }
    for (let at = 0; at < weak.length; at++) if (attempt((one) => weak[at][0](one, weak), object)) return weak[at][1];
    if (attempt(deref, object)) return 'WeakRef';
    return refused[apply(toTag, object, []).slice(8, -1)];
  };

  const wellFormed = bound(String.prototype.toWellFormed);
  const { Uint8Array: Octets } = globalThis;
  const errors = own({ EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, Error });
  const numbers = own({
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
    Float32Array, Float64Array, BigInt64Array, BigUint64Array,
  });
  const toObject = Object;
  const toBig = BigInt;
  const mapSet = bound(Map.prototype.set);
  const setAdd = bound(Set.prototype.add);
  const make = (kind, a, b) => {
    switch (kind) {
      case 'date':
        return construct(Date, [a]);
      case 'regexp':
        return construct(RegExp, [a, b]);
      case 'map': {
        const map = new Map();
        for (let at = 0; at < a.length; at += 2) mapSet(map, a[at], a[at + 1]);
        return map;
      }
      case 'set': {
        const set = new Set();
        for (let at = 0; at < a.length; at++) setAdd(set, a[at]);
        return set;
      }
      case 'bytes': {
        if (numbers[b]) return construct(numbers[b], [a]);
        return new DataView(new Octets(a).buffer);
      }
      case 'buffer':
        return new Octets(a).buffer;
      case 'boxed':
        return toObject(a);
      case 'big':
        return toBig(a);
      default:
        return construct(errors[kind] || Error, [a]);
    }
  };

  // ---- Globals ----
  for (const name of native.surplus) delete globalThis[name];
  const unknown = (what) => native.unknown(what);
  const within = (name, make) => put(globalThis, name, make(), false);
  // An object of the server that nothing is known of but its name and that of its functions.
  const opaque = (what, names) => {
    const known = create(ofObjects);
    for (const name of names) {
      const refuse = function () {
        unknown(what + '.' + name);
      };
      put(known, name, refuse);
    }
    return known;
  };
  const missing = (name, members) => {
    if (!(name in globalThis)) within(name, () => opaque(name, members));
  };
  missing('WebAssembly', ['Module', 'Instance', 'Memory', 'Table', 'Global', 'compile', 'instantiate', 'validate']);
  missing('Atomics', ['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange', 'wait', 'notify', 'isLockFree']);
  missing('Intl', [
    'Collator', 'DateTimeFormat', 'DisplayNames', 'DurationFormat', 'ListFormat', 'Locale', 'NumberFormat', 'PluralRules',
    'RelativeTimeFormat', 'Segmenter', 'getCanonicalLocales', 'supportedValuesOf',
  ]);
  // Sloppy functions tell their caller on the server, and do not here.
  for (const key of ['caller', 'arguments']) {
    const { get, set } = getOwnPropertyDescriptor(Function.prototype, key);
    const told = function () {
      return apply(get, this, []) === undefined ? unknown('function.' + key) : undefined;
    };
    defineProperty(Function.prototype, key, { get: told, set, configurable: true, enumerable: false });
  }
  put(globalThis, 'global', globalThis);
  put(globalThis, 'ivm', opaque('ivm', ['Isolate', 'Context', 'Script', 'Module', 'NativeModule', 'Callback', 'Reference', 'ExternalCopy']));
  put(globalThis, 'serverFetch', opaque('serverFetch', ['apply', 'applySync', 'applyIgnored', 'copy', 'deref', 'derefInto', 'get', 'set', 'dispose', 'release']));

  const levels = create(ofObjects);
  for (const level of native.levels) {
    put(levels, level, { [level]: (...args) => void native.log(level, args, inspect) }[level]);
  }
  put(globalThis, 'console', levels);

  const kept = {};
  const Store = {
    set(key, value) {
      return (kept[key] = value);
    },
    get(key) {
      return kept[key];
    },
  };

  return {
    native, Store, kept, inspect, make, wellFormed, Promise, Error, TypeError, Proxy, put, own, bound, unknown,
    place: (error) => placesGet(places, error),
    isPlain: (object) => {
      const above = getPrototypeOf(object);
      return above === ofObjects || above === null;
    },
    invoke: (instance, method, argument) => instance[method](argument),
  };
})
