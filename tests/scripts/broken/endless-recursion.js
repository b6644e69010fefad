// incoming: warning script-unchecked 1:1
const f = (n) => f(n + 1) + 1;
f(0);
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
