// incoming: warning script-unchecked 1:1
const slow = /^(a+)+$/.test('a'.repeat(40) + 'b');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
