// What a script finds around it, and what the host asks of its context.
//
// This is evaluated once, in a context of its own. What comes of it is called for each script with the global object of the
// script's context. So what it uses itself is out of the script's reach, and only what the script gets to see is taken
// from there.
(() => {
  'use strict';
  const { apply, construct, defineProperty, getPrototypeOf, setPrototypeOf } = Reflect;
  const { create, getOwnPropertyDescriptor } = Object;
  const bound = (method) => (self, ...rest) => apply(method, self, rest);
  const getter = (owner, key) => bound(getOwnPropertyDescriptor(owner, key).get);
  // Whether a function is the constructor of the error's class: V8 leaves those out of its stacks.
  const makes = (called, error) => {
    for (let one = getPrototypeOf(error), depth = 0; one && depth < 20; one = getPrototypeOf(one), depth++) {
      const made = getOwnPropertyDescriptor(one, 'constructor');
      if (made && made.value === called) return true;
    }
    return false;
  };
  const nameOf = (error) => {
    try {
      return String(error.name);
    } catch {
      return 'Error';
    }
  };

  const date = bound(Date.prototype.getTime);
  const source = getter(RegExp.prototype, 'source');
  const flags = getter(RegExp.prototype, 'flags');
  const isGlobal = getter(RegExp.prototype, 'global');
  const mapEach = bound(Map.prototype.forEach);
  const setEach = bound(Set.prototype.forEach);
  const bytesName = getter(getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag);
  const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
  const viewLength = getter(DataView.prototype, 'byteLength');
  const viewByte = bound(DataView.prototype.getUint8);
  const boxes = [Number, String, Boolean, BigInt, Symbol].map((kind) => bound(kind.prototype.valueOf));
  const inMap = bound(WeakMap.prototype.has);
  const inSet = bound(WeakSet.prototype.has);
  const deref = bound(WeakRef.prototype.deref);
  const tagOf = bound(Object.prototype.toString);
  const textOf = bound(Function.prototype.toString);
  const wellFormed = bound(String.prototype.toWellFormed);
  const refused = new Map([
    ['Arguments', 'Object'],
    ...['Generator', 'AsyncGenerator', 'Map Iterator', 'Set Iterator', 'Array Iterator', 'String Iterator', 'RegExp String Iterator'].map(
      (name) => [name, name],
    ),
  ]);
  const attempt = (ask, object) => {
    try {
      return [ask(object)];
    } catch {
      return undefined;
    }
  };
  // What the host makes in the script's context.
  const made = [
    ...['Map', 'Object', 'RegExp', 'Set', 'DataView', 'Uint8ClampedArray', 'BigInt64Array', 'BigUint64Array'],
    ...['Error', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError'],
    ...[8, 16, 32].flatMap((bits) => [`Int${bits}Array`, `Uint${bits}Array`]),
    ...[32, 64].map((bits) => `Float${bits}Array`),
  ];
  // Globals of this engine that the server's does not have.
  const surplus = ['performance', 'queueMicrotask', 'DOMException', 'navigator', 'print', 'atob', 'btoa', 'gc', 'InternalError'];
  // The methods that the server looks for, in its order.
  const methods = ['prepare_outgoing_request', 'process_outgoing_response', 'process_incoming_request'];
  // The methods of the server's `console`.
  const levels =
    'log warn dir time timeEnd timeLog trace assert clear count countReset group groupEnd table debug info dirxml error groupCollapsed profile profileEnd timeStamp'.split(' ');

  return (native, realm, vm2) => {
    const { prototype: ofObjects } = realm.Object;
    const { prototype: ofFunctions } = realm.Function;
    const { TypeError } = realm;

    // Functions that the script gets to see are like its own.
    const put = (owner, key, value, enumerable = true) => {
      if (typeof value === 'function') setPrototypeOf(value, ofFunctions);
      defineProperty(owner, key, { value, enumerable, writable: true, configurable: true });
    };
    // A global that is made when it is first asked for: most scripts ask for few.
    const lazy = (name, make, enumerable = true) => {
      const set = (value) => put(realm, name, value, enumerable);
      const get = () => {
        const value = make();
        set(value);
        return value;
      };
      defineProperty(realm, name, { get, set, enumerable, configurable: true });
    };
    const plain = (entries) => {
      const object = create(ofObjects);
      for (const key of Object.keys(entries)) put(object, key, entries[key]);
      return object;
    };

    // ---- Errors: V8's words, its stacks, and their places ----
    const places = new WeakMap();
    const { prototype: ofRanges } = realm.RangeError;
    const { Function: Compiled } = realm;
    let turn;
    let turns = 0;
    realm.Error.prepareStackTrace = (error, sites) => {
      // The engine asks after every so many turns whether to go on, and what it hears in here is lost. A loop that throws must
      // not always ask in here: so this takes some turns itself, sometimes more and sometimes fewer.
      turn ||= new Compiled('n', 'while (n-- > 0);');
      turn(turns++ % 3);
      // This engine also asks for the stack of what is not an error.
      if (typeof error !== 'object' || error === null) return '';
      const found = getOwnPropertyDescriptor(error, 'message');
      let message = found && typeof found.value === 'string' ? found.value : '';
      let name = nameOf(error);
      let first;
      let text = '';
      let leading = true;
      // This engine finds out inside of the class that it was called.
      const inside = message === "class constructors must be invoked with 'new'" ? 1 : 0;
      for (let at = inside; at < sites.length; at++) {
        const site = sites[at];
        const file = site.getFileName();
        // The host's own functions, JSON and code that the script made count as where they were called.
        if (file !== 'script' && file !== 'frame') continue;
        if (leading && makes(site.getFunction(), error)) continue;
        leading = false;
        const line = site.getLineNumber();
        const column = site.getColumnNumber();
        first ||= { file, line, column };
        if (at < 10) text += native.frame(site.getFunctionName() || '', file, line, column);
      }
      first ||= { file: '', line: 0, column: 0 };
      const words = native.reword(name, message, first.line, first.column);
      if (words !== undefined) {
        message = words;
        put(error, 'message', words, false);
        if (name === 'InternalError') {
          name = 'RangeError';
          setPrototypeOf(error, ofRanges);
        }
      }
      places.set(error, first);
      return (message ? name + ': ' + message : name) + text;
    };
    // The engine keeps the function above; the property itself is the script's, as in V8.
    put(realm.Error, 'prepareStackTrace', undefined, false);

    // ---- Copies ----
    // What kind of object this is that is neither a list, an error, a promise nor a proxy: a list of its kind and what is
    // in it, or the name of what cannot be copied. Of a function, its text; of a string, the same without halves of
    // surrogate pairs.
    const inspect = (object) => {
      if (typeof object === 'string') return wellFormed(object);
      if (typeof object === 'function') return textOf(object);
      if (object === realm) return 'Object';
      const above = getPrototypeOf(object);
      const tag = above === ofObjects || above === null ? tagOf(object).slice(8, -1) : undefined;
      if (tag === 'Object') return undefined;
      let found;
      if ((found = attempt(date, object))) return ['date', found[0]];
      // The prototype answers too, with nothing.
      if ((found = attempt(isGlobal, object)) && found[0] !== undefined) return ['regexp', source(object), flags(object)];
      const list = [];
      if (attempt((one) => mapEach(one, (value, key) => list.push(key, value)), object)) return ['map', list];
      if (attempt((one) => setEach(one, (value) => list.push(value)), object)) return ['set', list];
      if (ArrayBuffer.isView(object)) {
        const name = bytesName(object);
        if (name === undefined) for (let at = 0; at < viewLength(object); at++) list.push(viewByte(object, at));
        else for (let at = 0; at < object.length; at++) list.push(object[at]);
        return ['bytes', name || 'DataView', list];
      }
      if (attempt(bufferLength, object)) return ['buffer', [...new Uint8Array(object)]];
      for (const unbox of boxes) {
        if ((found = attempt(unbox, object))) return typeof found[0] === 'symbol' ? 'Object' : ['boxed', found[0]];
      }
      if (attempt((one) => inMap(one, realm), object)) return 'WeakMap';
      if (attempt((one) => inSet(one, realm), object)) return 'WeakSet';
      if (attempt(deref, object)) return 'WeakRef';
      return refused.get(tagOf(object).slice(8, -1));
    };

    // Those that the script may replace later.
    const kinds = { __proto__: null };
    for (const name of made) kinds[name] = realm[name];
    const make = (kind, a, b) => {
      switch (kind) {
        case 'date':
          return host.date(a);
        case 'regexp':
          return construct(kinds.RegExp, [a, b]);
        case 'map': {
          const map = construct(kinds.Map, []);
          for (let at = 0; at < a.length; at += 2) apply(Map.prototype.set, map, [a[at], a[at + 1]]);
          return map;
        }
        case 'set': {
          const set = construct(kinds.Set, []);
          for (let at = 0; at < a.length; at++) apply(Set.prototype.add, set, [a[at]]);
          return set;
        }
        case 'bytes':
          return construct(kinds[b], [b === 'DataView' ? construct(kinds.Uint8Array, [a]).buffer : a]);
        case 'buffer':
          return construct(kinds.Uint8Array, [a]).buffer;
        case 'boxed':
          return apply(kinds.Object, undefined, [a]);
        case 'big':
          return BigInt(a);
        default:
          return construct(kinds[kind] || kinds.Error, [a]);
      }
    };

    // ---- Globals ----
    const unknown = (what) => native.unknown(what);
    // An object of the server that nothing is known of but the names of its functions.
    const opaque = (what, names) => {
      const refuse = (name) => [
        name,
        function () {
          unknown(what + '.' + name);
        },
      ];
      return plain(Object.fromEntries(names.split(' ').map(refuse)));
    };
    for (const name of surplus) delete realm[name];
    const missing = (name, members) => {
      if (!(name in realm)) lazy(name, () => opaque(name, members), false);
    };
    missing('WebAssembly', 'Module Instance Memory Table Global compile instantiate validate');
    missing('Atomics', 'load store add sub and or xor exchange compareExchange wait notify isLockFree');
    missing(
      'Intl',
      'Collator DateTimeFormat DisplayNames DurationFormat ListFormat Locale NumberFormat PluralRules RelativeTimeFormat Segmenter getCanonicalLocales supportedValuesOf',
    );
    // Sloppy functions tell their caller on the server, and do not here.
    for (const key of ['caller', 'arguments']) {
      const { get, set } = getOwnPropertyDescriptor(ofFunctions, key);
      const told = function () {
        return apply(get, this, []) === undefined ? unknown('function.' + key) : undefined;
      };
      defineProperty(ofFunctions, key, { get: told, set, configurable: true, enumerable: false });
    }
    // Of what vm2 offered nothing is known but the names.
    for (let at = 0; at < vm2.length; at++) lazy(vm2[at], () => unknown(vm2[at]));
    put(realm, 'global', realm);
    lazy('ivm', () => opaque('ivm', 'Isolate Context Script Module NativeModule Callback Reference ExternalCopy'));
    lazy('serverFetch', () => opaque('serverFetch', 'apply applySync applyIgnored copy deref derefInto get set dispose release'));
    const refuse = (words) => {
      if (words !== undefined) throw new TypeError(words);
    };
    const log = (level) => [level, { [level]: (...args) => refuse(native.log(level, args, inspect)) }[level]];
    lazy('console', () => plain(Object.fromEntries(levels.map(log))));

    const kept = create(ofObjects);
    const Store = plain({
      set(key, value) {
        return (kept[key] = value);
      },
      get(key) {
        return kept[key];
      },
    });
    const host = {
      native, realm, Store, kept, inspect, make, kinds, put, plain, lazy, bound, unknown, refuse,
      found: (instance) => ({ instance, methods: methods.filter((name) => typeof instance[name] === 'function') }),
      place: (error) => places.get(error),
      invoke: (instance, method, argument) => instance[method](argument),
    };
    return host;
  };
})()
