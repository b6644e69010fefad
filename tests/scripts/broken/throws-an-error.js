// incoming: error script-throws 3:13
function check() {
  throw new Error('set the key first');
}
check();
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
