// incoming: error script-syntax 3:7
let a = 1;
let a = 2;
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
