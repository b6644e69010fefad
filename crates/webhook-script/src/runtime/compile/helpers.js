// What the changed text of a script names: classes whose bodies are sloppy, and `import()`.
(function (host, transpiled) {
  'use strict';
  const { realm } = host;
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, setPrototypeOf } = Reflect;
  const { create } = Object;
  const { prototype: ofObjects } = realm.Object;
  const { prototype: ofFunctions } = realm.Function;
  const { TypeError, ReferenceError, Error, Promise } = realm;
  const isObject = (value) => (typeof value === 'object' && value !== null) || typeof value === 'function';
  // The construction that a constructor's first statement asks for.
  let current;

  const define = (target, part) => {
    const made = apply(part[part.length - 1].f, target, []);
    const key = part.length > 2 ? part[1] : ownKeys(made)[0];
    defineProperty(target, key, {
      value: made[ownKeys(made)[0]],
      enumerable: true,
      writable: true,
      configurable: true,
    });
  };

  const make = (name, bind, parent, parts) => {
    const derived = parent !== make;
    if (derived && parent !== null && typeof parent !== 'function') {
      throw new TypeError('Super expression must either be null or a function');
    }
    const above = derived ? (parent === null ? null : parent.prototype) : ofObjects;
    const beside = derived && parent !== null ? parent : ofFunctions;
    let body;
    const fill = (target) => {
      for (let at = 0; at < parts.length; at++) if (parts[at][0] === 2) define(target, parts[at]);
    };
    const made = function (...args) {
      const target = new.target;
      if (target === undefined) throw new TypeError('Cannot call a class as a function');
      let me;
      if (!derived) {
        me = this;
        fill(me);
      }
      const token = {
        target,
        get me() {
          if (me === undefined) {
            throw new ReferenceError("this hasn't been initialised - super() hasn't been called");
          }
          return me;
        },
        up(given) {
          const fresh = construct(getPrototypeOf(made), given, target);
          if (me !== undefined) throw new ReferenceError('super() called twice');
          me = fresh;
          fill(me);
          return me;
        },
      };
      if (body === undefined) return derived ? token.up(args) : undefined;
      const before = current;
      current = token;
      try {
        const returned = apply(body, me, args);
        return isObject(returned) ? returned : token.me;
      } finally {
        current = before;
      }
    };
    const prototype = create(above, { constructor: { value: made, writable: true, configurable: true } });
    setPrototypeOf(made, beside);
    defineProperty(made, 'prototype', { value: prototype, writable: false });
    defineProperty(made, 'name', { value: name, configurable: true });
    defineProperty(made, 'length', { value: 0, configurable: true });
    for (let at = 0; at < parts.length; at++) {
      const part = parts[at];
      const members = part[part.length - 1];
      const kind = part[0];
      const fixed = kind === 1 || kind === 3 || kind === 5;
      setPrototypeOf(members, fixed ? beside : above);
      if (kind === 'c') {
        body = members.constructor;
        defineProperty(made, 'length', { value: body.length, configurable: true });
      } else if (kind === 0 || kind === 1) {
        const target = fixed ? made : prototype;
        const keys = ownKeys(members);
        const found = getOwnPropertyDescriptor(members, keys[0]);
        found.enumerable = false;
        const other = getOwnPropertyDescriptor(target, keys[0]);
        if (other && (found.get || found.set)) {
          found.get = found.get || other.get;
          found.set = found.set || other.set;
        }
        defineProperty(target, keys[0], found);
      }
    }
    if (bind) bind(made);
    for (let at = 0; at < parts.length; at++) {
      if (parts[at][0] === 3) define(made, parts[at]);
      else if (parts[at][0] === 5) apply(parts[at][1].f, made, []);
    }
    return made;
  };
  make.token = () => current;

  const rejected = Promise.reject.bind(Promise);
  const load = () => rejected(transpiled ? new ReferenceError('require is not defined') : new Error('Not supported'));
  return { make, load };
})
