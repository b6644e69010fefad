class Script {
  process_incoming_request({ request }) {
    const { state, title } = request.content;
    const color = state === 'ok' ? 'green' : 'red';
    return { content: { text: title } };
  }
}
