// incoming: warning script-global 4:15
class Script {
  process_incoming_request({ request }) {
    const r = HTTP('GET', request.content.url);
    return { content: { text: HTTP.x + r.content } };
  }
}
