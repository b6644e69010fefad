// incoming: error script-throws 3:13
const config = undefined;
const url = config.url;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
