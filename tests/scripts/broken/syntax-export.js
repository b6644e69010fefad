// incoming: error script-syntax 2:1
export default class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
