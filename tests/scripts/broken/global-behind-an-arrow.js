// incoming: error script-throws 3:1
const f = _ => _.x
_.each([], f)
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
