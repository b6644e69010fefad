// `s`: the string functions that servers since 6.0 offer. Their arguments are copied, so that functions are refused.
(function (host) {
  'use strict';
  const { native, bound, put, own } = host;
  const { RegExp, String, Math } = globalThis;
  const { RangeError, TypeError } = globalThis;
  const of = (name) => bound(String.prototype[name]);
  const slice = of('slice');
  const indexOf = of('indexOf');
  const lastIndexOf = of('lastIndexOf');
  const charAt = of('charAt');
  const upper = of('toUpperCase');
  const lower = of('toLowerCase');
  const repeat = of('repeat');
  const replaceIn = of('replace');
  const blanks = own({ trim: of('trim'), ltrim: of('trimStart'), rtrim: of('trimEnd') });
  const fixed = bound(Number.prototype.toFixed);
  const { ceil, floor } = Math;

  const string = (value) => (value ? String(value) : '');
  const escaped = (text) => {
    let out = '';
    for (let at = 0; at < text.length; at++) {
      const one = charAt(text, at);
      out += indexOf('\\^$.*+?()[]{}|-', one) >= 0 ? (one === '-' ? '\\x2d' : '\\' + one) : one;
    }
    return out;
  };
  const trimmer = (name, pattern) => (value, characters) => {
    const text = string(value);
    if (!characters) return blanks[name](text);
    const set = typeof characters === 'object' && 'source' in characters ? characters.source : `[${escaped(string(characters))}]`;
    return replaceIn(text, new RegExp(pattern(set), 'g'), '');
  };
  const part = (find, take) => (value, separator) => {
    const text = string(value);
    const mark = string(separator);
    const at = mark ? find(text, mark) : -1;
    return at < 0 ? text : take(text, at, mark.length);
  };
  const times = (text, count) => {
    if (count < 0) throw new RangeError(`Invalid count value: ${count}`);
    return repeat(text, count);
  };
  const pad = (value, width, filler, side = 'right') => {
    const text = string(value);
    const one = filler ? (filler.length > 1 ? charAt(filler, 0) : filler) : ' ';
    const missing = ~~width - text.length;
    if (side === 'right') return text + times(one, missing);
    if (side === 'both') return times(one, ceil(missing / 2)) + text + times(one, floor(missing / 2));
    return times(one, missing) + text;
  };
  const grouped = (digits, separator) => {
    let out = '';
    for (let at = 0; at < digits.length; at++) {
      const left = digits.length - at;
      const before = at > 0 ? charAt(digits, at - 1) : '-';
      if (left % 3 === 0 && before !== '-') out += separator;
      out += charAt(digits, at);
    }
    return out;
  };

  const functions = own({
    truncate(text, length) {
      return text.length > length ? slice(text, 0, length - 3) + '...' : text;
    },
    trim: trimmer('trim', (set) => `^${set}+|${set}+$`),
    ltrim: trimmer('ltrim', (set) => `^${set}+`),
    rtrim: trimmer('rtrim', (set) => `${set}+$`),
    capitalize(value, lowerRest) {
      const text = string(value);
      const rest = slice(text, 1);
      return upper(charAt(text, 0)) + (lowerRest ? lower(rest) : rest);
    },
    stripTags() {
      return host.unknown('s.stripTags');
    },
    strLeft: part(indexOf, (text, at) => slice(text, 0, at)),
    strRight: part(indexOf, (text, at, length) => slice(text, at + length)),
    strRightBack: part(lastIndexOf, (text, at, length) => slice(text, at + length)),
    numberFormat(number, digits, point, separator) {
      if (number === null || number === undefined || +number !== +number) return '';
      if (typeof number !== 'number') throw new TypeError('_number.toFixed is not a function');
      const text = fixed(number, ~~digits);
      const at = indexOf(text, '.');
      const whole = at < 0 ? text : slice(text, 0, at);
      const rest = at < 0 ? '' : (point || '.') + slice(text, at + 1);
      return grouped(whole, typeof separator === 'string' ? separator : ',') + rest;
    },
    pad,
    lrpad: (value, width, filler) => pad(value, width, filler, 'both'),
    wildcardToRegex(pattern) {
      let out = '';
      for (let at = 0; at < pattern.length; at++) {
        const one = charAt(pattern, at);
        out += one === '*' ? '.*' : one === '?' ? '.' : escaped(one);
      }
      return `^${out}$`;
    },
  });
  const s = {};
  for (const name in functions) {
    const callback = (...args) => {
      native.copyable(args, host.inspect);
      return functions[name](...args);
    };
    put(callback, 'name', '', false);
    put(s, name, callback);
  }
  put(globalThis, 's', s);
})
