class Script {
  prepare_outgoing_request({ request }) {
    return { url: `https://api.example.org/?key=${'__KEY__'}` };
  }

  process_incoming_request({ request }) {
    return { content: { text: `*${request.content.title}*`, key: {{NUMBER}} } };
  }
}
