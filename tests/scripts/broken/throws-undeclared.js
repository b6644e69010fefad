// incoming: error script-throws 2:11
const a = confg.url;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
