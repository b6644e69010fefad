// outgoing
class Script {
  get url() { return 'https://example.org'; }
  set url(value) { this.other = value; }
  static get HTTP() { return 1; }
  get process_outgoing_response() { return ({ response }) => ({ content: { text: response.content_raw } }); }
}
