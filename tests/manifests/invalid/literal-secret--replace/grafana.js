const KEY = "__KEY__";
class Script {
  process_incoming_request({ request }) {
    return { content: { text: KEY + request.content.text } };
  }
}
