// incoming: error script-throws 2:15
const names = _.keys({ a: 1 });
if (names.length !== 1) throw new Error('no');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
