// `fetch`, and what a script sees of an answer. No call is made here: the host answers it.
(function (host) {
  'use strict';
  const { native, realm, inspect, make, put, plain, unknown } = host;
  const { Promise, Error, TypeError } = realm;
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
      return native.body(answer.id, kind, make);
    };
    const body = (kind) => {
      const reader = () =>
        new Promise((resolve, reject) => {
          const told = read(kind);
          if (told.message === undefined) resolve(told.value);
          else reject(failure(told));
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
      if (key === 'headers') return native.headers(answer.id);
      if (key in values || typeof key === 'symbol') return values[key];
      return native.isOfResponse(key) ? unknown(`response.${key}`) : undefined;
    };
    return reproxy(plain({ isProxy: true, get }));
  };
  // The server answers after the method has gone on: so does this, when the host says so.
  const fetch = (...args) => {
    let request;
    try {
      request = native.request(args, inspect);
    } catch (error) {
      return rejected(error);
    }
    return new Promise((resolve, reject) => {
      waiting.push(() => {
        const told = native.send(request);
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
