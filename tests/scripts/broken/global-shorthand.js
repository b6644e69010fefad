// incoming: warning script-global 4:25; warning script-global 4:55
class Script {
  process_incoming_request({ request }) {
    return { content: { _, text: request.content.ok ? moment : 'x' } };
  }
}
