// incoming
function* pairs(object) {
  for (const key in object) yield [key, object[key]];
}
class Script {
  *lines(content) { yield* [...pairs(content)].map(([k, v]) => `${k}=${v}`); }
  async *slowly() { yield 1; }
  process_incoming_request({ request }) {
    return { content: { text: [...this.lines(request.content)].join('\n') } };
  }
}
