// incoming: error script-throws 2:7
const Store = new Map();
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
