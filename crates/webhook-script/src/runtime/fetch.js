// `fetch`, and what a script sees of an answer. No call is made here: the host answers it.
(function (host) {
  'use strict';
  const { native, realm, inspect, kinds, put, plain, unknown } = host;
  const { Promise, Error, TypeError } = realm;
  const { parse } = realm.JSON;
  const rejected = Promise.reject.bind(Promise);
  const failure = (told) => (told.type ? new TypeError(told.message) : new Error(told.message));
  const waiting = [];

  const reproxy = (known) =>
    new Proxy(known, {
      get: (target, key) => (key === 'then' || target !== known ? undefined : known.get(key)),
    });
  const response = (answer) => {
    let used = false;
    const read = (kind) => {
      if (used) return { type: true, message: `body used already for: ${answer.url}` };
      used = true;
      return native.body(answer.id, kind);
    };
    const body = (kind) => {
      const reader = () =>
        new Promise((resolve, reject) => {
          const told = read(kind);
          if (told.message !== undefined) reject(failure(told));
          else if (kind === 'json') resolve(parse(told.value));
          else resolve(kind === 'text' ? told.value : new kinds.Uint8Array(told.value).buffer);
        });
      put(reader, 'name', '', false);
      return reader;
    };
    const values = {
      __proto__: null,
      status: answer.status,
      ok: answer.status >= 200 && answer.status < 300,
      statusText: answer.statusText,
      url: answer.url,
      redirected: false,
      text: body('text'),
      json: body('json'),
      arrayBuffer: body('arrayBuffer'),
    };
    const get = (key) => {
      if (key === 'bodyUsed') return used;
      if (key === 'headers') return parse(native.headers(answer.id));
      if (key in values || typeof key === 'symbol') return values[key];
      return native.isOfResponse(key) ? unknown(`response.${key}`) : undefined;
    };
    return reproxy(plain({ isProxy: true, get }));
  };
  // The server answers after the method has gone on: so does this, when the host says so.
  const fetch = (...args) => {
    const request = native.request(args, inspect);
    if (request.refused !== undefined) return rejected(new TypeError(request.refused));
    return new Promise((resolve, reject) => {
      waiting.push(() => {
        const told = native.send(request.id);
        if (told.message === undefined) resolve(response(told));
        else reject(failure(told));
      });
    });
  };
  const next = () => {
    const answer = waiting.shift();
    if (answer) answer();
    return answer !== undefined;
  };
  return { fetch, reproxy, next };
})
