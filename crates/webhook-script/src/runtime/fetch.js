// `fetch`, and what a script sees of an answer. No call is made here: the host answers it.
(function (host) {
  'use strict';
  const { native, Promise, Error, TypeError, Proxy, put, own } = host;
  const waiting = own([]);
  let first = 0;
  let last = 0;

  const failure = (told) => {
    const error = told.type ? new TypeError(told.message) : new Error(told.message);
    return error;
  };

  const reproxy = (known) =>
    new Proxy(known, {
      get: (target, key, receiver) => (key === 'then' || target !== known ? undefined : known.get(key)),
    });

  const response = (answer) => {
    let used = false;
    // The body arrives later, even though it is here.
    const body = (kind) => async () => {
      await undefined;
      if (used) throw new TypeError(`body used already for: ${answer.url}`);
      used = true;
      const told = native.body(answer.id, kind, host.make);
      if (told.message !== undefined) throw failure(told);
      return told.value;
    };
    const values = own({
      status: answer.status,
      ok: answer.status >= 200 && answer.status < 300,
      statusText: answer.statusText,
      url: answer.url,
      redirected: false,
      bodyUsed: undefined,
      headers: answer.headers,
      text: body('text'),
      json: body('json'),
      arrayBuffer: body('arrayBuffer'),
    });
    const get = (key) => {
      if (typeof key === 'symbol') return undefined;
      if (key === 'bodyUsed') return used;
      if (key === 'headers') return native.headers(answer.id);
      if (!(key in values) && native.isOfResponse(key)) return host.unknown(`response.${key}`);
      return values[key];
    };
    return reproxy({ isProxy: true, get });
  };

  // The server answers after the method has gone on: so does this, when the host says so.
  const fetch = async (...args) => {
    const request = native.request(args, host.inspect);
    await new Promise((resolve) => put(waiting, last++, resolve));
    const told = native.send(request);
    if (told.message !== undefined) throw failure(told);
    return response(told);
  };

  const next = () => {
    if (first === last) return false;
    const resolve = waiting[first];
    delete waiting[first++];
    resolve();
    return true;
  };
  return { fetch, reproxy, next };
})
