// incoming: error script-throws 3:15
let t = 'x';
for (;;) t += t;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
