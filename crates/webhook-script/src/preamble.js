// What a server offers to a script, without any effect. Yields what a run is asked for afterwards.
(function (absent) {
  'use strict';
  const { create, getPrototypeOf, getOwnPropertyNames, defineProperty } = Object;
  const { prototype: ofObjects } = Object;
  const { prototype: ofFunctions } = Function;
  const primitive = Symbol.toPrimitive;
  let touched = false;

  // Answers whatever is asked of it with itself, and remembers that the answer was made up.
  const anything = new Proxy(function () {}, {
    get(_, key) {
      touched = true;
      return key === primitive ? () => '' : anything;
    },
    set() {
      touched = true;
      return true;
    },
    apply() {
      touched = true;
      return anything;
    },
    construct() {
      touched = true;
      return anything;
    },
  });
  const quiet = new Proxy({}, { get: () => () => undefined });
  const put = (name, value) =>
    defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: true });

  put('global', globalThis);
  put('console', quiet);
  for (const name of ['s', 'fetch', 'ivm']) put(name, anything);
  for (const name of absent) put(name, anything);
  // Parts of the language that servers have and this engine has not.
  for (const name of ['Intl', 'WebAssembly', 'SharedArrayBuffer', 'Atomics']) {
    if (!(name in globalThis)) put(name, anything);
  }
  for (const name of ['performance', 'DOMException', 'queueMicrotask', 'navigator']) delete globalThis[name];

  const isMethod = (owner, name) => {
    try {
      return typeof owner[name] === 'function';
    } catch {
      return false;
    }
  };
  return {
    touched: () => touched,
    parameters: (made) => (typeof made.length === 'number' ? made.length : 0),
    // Calls nothing that a script may have changed meanwhile.
    methods(owner, asked) {
      const found = create(null);
      const look = (names) => {
        for (let at = 0; at < names.length && at < 1000; at++) {
          if (names[at] !== 'constructor' && isMethod(owner, names[at])) found[names[at]] = true;
        }
      };
      look(asked);
      for (let one = owner; one && one !== ofObjects && one !== ofFunctions; one = getPrototypeOf(one)) {
        look(getOwnPropertyNames(one));
      }
      return getOwnPropertyNames(found);
    },
  };
})
