// incoming: error script-throws 2:1
throw 'nope';
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
