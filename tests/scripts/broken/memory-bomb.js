// incoming: warning script-unchecked 1:1
const all = [];
for (;;) all.push(new Array(100000).fill(all.length));
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
