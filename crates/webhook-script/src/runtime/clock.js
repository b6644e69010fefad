// The clock, chance and the zone are the caller's: a date is always in UTC, now is what the host says.
(function (host) {
  'use strict';
  const { native, bound, put, unknown } = host;
  const { Date: Real, String, Number, RegExp } = globalThis;
  const { prototype } = Real;
  const { construct, defineProperty } = Reflect;
  const utc = Real.UTC;
  const parseReal = Real.parse;
  const match = bound(RegExp.prototype.exec);
  const time = bound(prototype.getTime);
  const toUtc = bound(prototype.toUTCString);
  const isoText = bound(prototype.toISOString);

  const standard = /^(?:[+-]\d{6}|\d{4})(?:-\d\d(?:-\d\d)?)?(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/;
  const written = /^(?:(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT|(?:Sun|Mon|Tue|Wed|Thu|Fri|Sat) [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT[+-]\d{4}(?: \([^)]*\))?)$/;
  const digit = /\d/;
  const dayOnly = /^[^T]*$/;
  // Formats outside of the standard are each engine's own.
  const parse = (text) => {
    const found = match(standard, text);
    if (found) return parseReal(found[1] || match(dayOnly, text) ? text : text + 'Z');
    if (match(written, text)) return parseReal(text);
    if (match(digit, text)) unknown('a date in a format outside of the standard');
    return NaN;
  };

  const Date = function Date(...args) {
    if (!new.target) return written_(native.now());
    let given = args;
    if (args.length === 0) given = [native.now()];
    else if (args.length > 1) given = [utc(...args)];
    else {
      let only = args[0];
      let known = typeof only === 'object' && only !== null;
      if (known) {
        try {
          only = time(only);
        } catch {
          known = false;
        }
      }
      if (!known && typeof only === 'object' && only !== null) only = primitive(only);
      given = [typeof only === 'string' ? parse(only) : only];
    }
    return construct(Real, given, new.target);
  };
  const primitive = (object) => {
    const own = object[Symbol.toPrimitive];
    if (own !== undefined && own !== null) return bound(own)(object, 'default');
    let value = typeof object.valueOf === 'function' ? object.valueOf() : object;
    if (typeof value === 'object' && value !== null) value = object.toString();
    return value;
  };
  const days = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const two = (number) => (number < 10 ? '0' + number : String(number));
  const asUtc = (name) => bound(prototype['getUTC' + name]);
  const [year, month, day, weekday, hour, minute, second] = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds'].map(asUtc);
  const yearText = (date) => {
    const value = year(date);
    const digits = String(value < 0 ? -value : value);
    return (value < 0 ? '-' : '') + (value < 0 ? '000000' : '0000').slice(digits.length) + digits;
  };
  const valid = (date) => time(date) === time(date);
  const dateText = (date) => `${days[weekday(date)]} ${months[month(date)]} ${two(day(date))} ${yearText(date)}`;
  const timeText = (date) => `${two(hour(date))}:${two(minute(date))}:${two(second(date))} GMT+0000 (Coordinated Universal Time)`;
  const text = (make) => (date) => (valid(date) ? make(date) : 'Invalid Date');
  const full = text((date) => `${dateText(date)} ${timeText(date)}`);
  const written_ = (now) => full(construct(Real, [now]));

  const method = (name, make) => {
    const wrapped = { [name](...args) { return make(this, ...args); } }[name];
    defineProperty(wrapped, 'length', { value: prototype[name] ? prototype[name].length : 0, configurable: true });
    put(prototype, name, wrapped, false);
  };
  for (const name of ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds', 'Milliseconds']) {
    method('get' + name, bound(prototype['getUTC' + name]));
    if (name !== 'Day') method('set' + name, bound(prototype['setUTC' + name]));
  }
  const setTime = bound(prototype.setTime);
  method('getYear', (date) => year(date) - 1900);
  method('getTimezoneOffset', (date) => (valid(date) ? 0 : NaN));
  method('toString', full);
  method('toDateString', text(dateText));
  method('toTimeString', text(timeText));
  const localised = (owner, names) => {
    for (const name of names) {
      const refuse = { [name]() { return unknown(name); } }[name];
      put(owner, name, refuse, false);
    }
  };
  localised(prototype, ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString']);
  localised(Number.prototype, ['toLocaleString']);
  localised(BigInt.prototype, ['toLocaleString']);
  const plain = (name, otherwise) => {
    const make = String.prototype[otherwise];
    const own = {
      [name](locales) {
        if (locales !== undefined) unknown(name);
        return bound(make)(this);
      },
    }[name];
    put(String.prototype, name, own, false);
  };
  plain('toLocaleUpperCase', 'toUpperCase');
  plain('toLocaleLowerCase', 'toLowerCase');
  const compare = {
    localeCompare(other) {
      const [left, right] = [String(this), String(other)];
      return left === right ? 0 : (unknown('localeCompare'), left < right ? -1 : 1);
    },
  }.localeCompare;
  put(String.prototype, 'localeCompare', compare, false);

  defineProperty(Date, 'length', { value: 7, configurable: true });
  defineProperty(Date, 'prototype', { value: prototype, writable: false });
  put(Date, 'now', { now: () => native.now() }.now, false);
  put(Date, 'parse', { parse: (text) => parse(String(text)) }.parse, false);
  put(Date, 'UTC', utc, false);
  put(prototype, 'constructor', Date, false);
  put(globalThis, 'Date', Date, false);
  put(Math, 'random', { random: () => native.random() }.random, false);
})
