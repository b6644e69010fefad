// outgoing
class Script {
  prepare_outgoing_request({ request }) {
    const match = request.data.text.match(/^!(\w+)\s+(.*)$/);
    if (!match) { return { message: { text: 'usage: `!cmd args`' } }; }
    return { url: `${request.url}?q=${encodeURIComponent(match[2])}`, headers: request.headers, method: 'GET' };
  }
  process_outgoing_response({ request, response }) {
    return response.status_code === 200 ? { content: { text: response.content_raw, parseUrls: false } } : false;
  }
}
