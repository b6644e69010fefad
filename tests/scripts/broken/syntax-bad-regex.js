// incoming: error script-syntax 2:11
const r = /(/;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
