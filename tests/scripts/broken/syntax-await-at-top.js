// incoming: error script-syntax 2:17
const x = await fetch('https://example.org');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
