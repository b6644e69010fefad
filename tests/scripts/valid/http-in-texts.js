// incoming
const text = 'HTTP.call("GET")', other = "moment", third = `_ HTTP moment`;
// HTTP.call('GET', url); _.map(list); moment();
class Script {
  /* moment() */
  process_incoming_request({ request }) {
    return { content: { text: /HTTP|_|moment/.test(text) + other + third + request.HTTP + request?._ } };
  }
  HTTP() { return this.moment; }
  moment = 1;
  _ = 2
  static _() {}
}
