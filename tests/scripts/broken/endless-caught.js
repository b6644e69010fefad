// incoming: warning script-unchecked 1:1
for (;;) { try { for (;;) {} } catch (e) {} finally { continue; } }
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
