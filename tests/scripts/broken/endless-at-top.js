// incoming: warning script-unchecked 1:1
while (true) {}
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
