class Script {
  process_incoming_request({ request }) {
    const base = '__BASE__';
    const key = '__API_KEY__';
    const { state, title } = request.content;
    return { content: { text: `${title}: ${state}` } };
  }
}
