// incoming: warning script-global 2:15; warning script-unchecked 1:1
const names = _.keys({ a: 1 });
if (names.length !== 1) throw new Error('no');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
