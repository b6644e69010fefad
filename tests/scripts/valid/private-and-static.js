// incoming
class Script {
  #seen = new Set();
  static #instances = 0;
  static { Script.#instances += 1; }
  #mark(id) { this.#seen.add(id); return #seen in this; }
  process_incoming_request({ request }) {
    return this.#mark(request.content.id) ? { content: { text: `${Script.#instances}` } } : undefined;
  }
}
