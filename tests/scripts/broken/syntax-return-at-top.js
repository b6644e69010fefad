// incoming: error script-throws 7:1
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
return Script;
