// incoming: warning script-unchecked 1:1
let t = 'x';
for (;;) t += t;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
