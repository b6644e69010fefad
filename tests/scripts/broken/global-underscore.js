// incoming: warning script-global 5:31
class Script {
  process_incoming_request({ request }) {
    const first = request.content.list.map((_, n) => n);
    return { content: { text: _.map(first, (_) => _ + 1).join() } };
  }
}
