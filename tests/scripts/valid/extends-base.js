// incoming
class Base {
  constructor(name) { this.name = name; }
  process_incoming_request({ request }) { return this.render(request.content); }
  render() { return null; }
}
class Script extends Base {
  constructor() { super('alerts'); }
  render(content) { return { content: { text: `${this.name}: ${content.text}` } }; }
}
