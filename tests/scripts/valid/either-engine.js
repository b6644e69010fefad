// incoming
class Script {
  process_incoming_request({ request }) {
    if (typeof HTTP !== 'undefined') {
      HTTP.call('GET', 'https://example.org');
    }
    const when = typeof moment === 'function' ? moment(request.content.at) : new Date(request.content.at);
    return { content: { text: `${when}` } };
  }
}
