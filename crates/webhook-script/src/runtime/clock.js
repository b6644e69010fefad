// The clock, chance and the zone are the caller's: a date is always in UTC, now is what the host says. What depends on a
// locale cannot be told.
(function (host) {
  'use strict';
  const { native, realm, bound, put, lazy, unknown } = host;
  const { Date: Real } = realm;
  const { construct, defineProperty } = Reflect;
  const method = (owner, name, make) => {
    const wrapped = { [name](...args) { return make(this, ...args); } }[name];
    defineProperty(wrapped, 'length', { value: owner[name] ? owner[name].length : 0, configurable: true });
    put(owner, name, wrapped, false);
  };
  const made = () => {
    const { prototype } = Real;
    const time = bound(prototype.getTime);
    const utc = Object.fromEntries(
      ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds'].map((part) => [part, bound(prototype['getUTC' + part])]),
    );

    const standard = /^(?:[+-]\d{6}|\d{4})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;
    const written = /^(?:[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4}(?: \([^)]*\))?)$/;
    // Formats outside of the standard are each engine's own.
    const parse = (text) => {
      const found = standard.exec(text);
      if (found) return Date.parse(found[1] || !text.includes('T') ? text : text + 'Z');
      if (written.test(text)) return Date.parse(text);
      if (/\d/.test(text)) unknown('a date in a format outside of the standard');
      return NaN;
    };
    const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
    const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
    const two = (number) => String(number).padStart(2, '0');
    const year = (number) => (number < 0 ? '-' + String(-number).padStart(6, '0') : String(number).padStart(4, '0'));
    const dateText = (date) => `${days[utc.Day(date)]} ${months[utc.Month(date)]} ${two(utc.Date(date))} ${year(utc.FullYear(date))}`;
    const timeText = (date) =>
      `${two(utc.Hours(date))}:${two(utc.Minutes(date))}:${two(utc.Seconds(date))} GMT+0000 (Coordinated Universal Time)`;
    const valid = (make) => (date) => (isNaN(time(date)) ? 'Invalid Date' : make(date));
    const full = valid((date) => `${dateText(date)} ${timeText(date)}`);

    const primitive = (object) => {
      const own = object[Symbol.toPrimitive];
      if (own !== undefined && own !== null) return bound(own)(object, 'default');
      const value = typeof object.valueOf === 'function' ? object.valueOf() : object;
      return typeof value === 'object' && value !== null ? object.toString() : value;
    };
    const single = (only) => {
      if (typeof only !== 'object' || only === null) return typeof only === 'string' ? parse(only) : only;
      try {
        return time(only);
      } catch {
        const value = primitive(only);
        return typeof value === 'string' ? parse(value) : value;
      }
    };
    const Clock = function (...args) {
      if (!new.target) return full(construct(Real, [native.now()]));
      let given = native.now();
      if (args.length === 1) given = single(args[0]);
      else if (args.length > 1) given = Real.UTC(...args);
      return construct(Real, [given], new.target);
    };

    for (const part of Object.keys(utc)) {
      method(prototype, 'get' + part, utc[part]);
      if (part !== 'Day') method(prototype, 'set' + part, bound(prototype['setUTC' + part]));
    }
    method(prototype, 'getYear', (date) => utc.FullYear(date) - 1900);
    method(prototype, 'getTimezoneOffset', (date) => (isNaN(time(date)) ? NaN : 0));
    method(prototype, 'toString', full);
    method(prototype, 'toDateString', valid(dateText));
    method(prototype, 'toTimeString', valid(timeText));
    for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']) method(prototype, name, () => unknown(name));
    put(Clock, 'name', 'Date', false);
    defineProperty(Clock, 'length', { value: 7, configurable: true });
    defineProperty(Clock, 'prototype', { value: prototype, writable: false });
    put(Clock, 'UTC', Real.UTC, false);
    method(Clock, 'now', () => native.now());
    method(Clock, 'parse', (_, text) => parse(String(text)));
    put(prototype, 'constructor', Clock, false);
    return Clock;
  };
  // Nothing is changed before the script sees a date: by its constructor, or in what it is given.
  let clock;
  const ready = () => (clock ||= made());
  lazy('Date', ready, false);
  host.date = (time) => {
    ready();
    return construct(Real, [time]);
  };

  const { Number, BigInt, String: Text } = realm;
  for (const { prototype: owner } of [Number, BigInt]) method(owner, 'toLocaleString', () => unknown('toLocaleString'));
  for (const name of ['UpperCase', 'LowerCase']) {
    const change = bound(String.prototype['to' + name]);
    method(Text.prototype, 'toLocale' + name, (text, locales) => {
      if (locales !== undefined) unknown('toLocale' + name);
      return change(text);
    });
  }
  method(Text.prototype, 'localeCompare', (one, other) => {
    const [left, right] = [String(one), String(other)];
    if (left !== right) unknown('localeCompare');
    return left === right ? 0 : left < right ? -1 : 1;
  });

  method(realm.Math, 'random', () => native.random());
})
