// incoming
class Script {
  // HTTP in a comment
  process_incoming_request({ request }) {
    return { content: { text: 'a' } };
  }
}
