// incoming
class Script {
  get greeting() { return 'hi'; }
  set greeting(v) { this._g = v }
  ['process_incoming_request']({ request }) { label: for (let i = 0; i < 3; i++) { if (i) continue label; } return { content: { text: this.greeting } }; }
}