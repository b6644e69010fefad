// `s`: the string functions that servers since 6.0 offer. Their arguments are copied, so that functions are refused.
(function (host) {
  'use strict';
  const { native, realm, inspect, kinds, put, plain, lazy, unknown, refuse } = host;
  lazy('s', () => {
    const string = (value) => (value ? String(value) : '');
    const special = new Set('\\^$.*+?()[]{}|');
    const escaped = (text) => [...text].map((one) => (special.has(one) ? '\\' + one : one === '-' ? '\\x2d' : one)).join('');
    const trimmer = (blanks, pattern) => (value, characters) => {
      const text = string(value);
      if (!characters) return text[blanks]();
      const set = typeof characters === 'object' && 'source' in characters ? characters.source : `[${escaped(string(characters))}]`;
      return text.replace(new RegExp(pattern(set), 'g'), '');
    };
    const part = (find, take) => (value, separator) => {
      const text = string(value);
      const mark = string(separator);
      const at = mark ? text[find](mark) : -1;
      return at < 0 ? text : take(text, at, mark.length);
    };
    const times = (text, count) => {
      if (count < 0) throw new realm.RangeError(`Invalid count value: ${count}`);
      return text.repeat(count);
    };
    const pad = (value, width, filler, side = 'right') => {
      const text = string(value);
      const one = filler ? filler.slice(0, 1) : ' ';
      const missing = ~~width - text.length;
      if (side === 'right') return text + times(one, missing);
      if (side === 'both') return times(one, Math.ceil(missing / 2)) + text + times(one, Math.floor(missing / 2));
      return times(one, missing) + text;
    };
    const grouped = (digits, separator) => {
      let out = '';
      for (let at = 0; at < digits.length; at++) {
        const first = at === 0 || (at === 1 && digits[0] === '-');
        if (!first && (digits.length - at) % 3 === 0) out += separator;
        out += digits[at];
      }
      return out;
    };
    const functions = {
      truncate: (text, length) => (text.length > length ? text.slice(0, length - 3) + '...' : text),
      trim: trimmer('trim', (set) => `^${set}+|${set}+$`),
      ltrim: trimmer('trimStart', (set) => `^${set}+`),
      rtrim: trimmer('trimEnd', (set) => `${set}+$`),
      capitalize(value, lowerRest) {
        const text = string(value);
        const rest = text.slice(1);
        return text.charAt(0).toUpperCase() + (lowerRest ? rest.toLowerCase() : rest);
      },
      stripTags: () => unknown('s.stripTags'),
      strLeft: part('indexOf', (text, at) => text.slice(0, at)),
      strRight: part('indexOf', (text, at, length) => text.slice(at + length)),
      strRightBack: part('lastIndexOf', (text, at, length) => text.slice(at + length)),
      numberFormat(number, digits, point, separator) {
        if (number === null || number === undefined || isNaN(number)) return '';
        if (typeof number !== 'number') throw new realm.TypeError('_number.toFixed is not a function');
        const [whole, rest] = number.toFixed(~~digits).split('.');
        return grouped(whole, typeof separator === 'string' ? separator : ',') + (rest ? (point || '.') + rest : '');
      },
      pad,
      lrpad: (value, width, filler) => pad(value, width, filler, 'both'),
      wildcardToRegex(pattern) {
        const one = (one) => (one === '*' ? '.*' : one === '?' ? '.' : escaped(one));
        return `^${[...pattern].map(one).join('')}$`;
      },
    };
    const callback = (name) => {
      const called = (...args) => {
        refuse(native.copyable(args, inspect));
        try {
          return functions[name](...args);
        } catch (error) {
          throw error instanceof realm.Error ? error : new kinds[error.name](error.message);
        }
      };
      put(called, 'name', '', false);
      return [name, called];
    };
    return plain(Object.fromEntries(Object.keys(functions).map(callback)));
  });
})
