// Asks for a picture of what was said behind the trigger word, and posts it.
class Script {
  prepare_outgoing_request({ request }) {
    const sentence = request.data.text.replace(request.data.trigger_word, '').trim();
    return {
      url: request.url,
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      data: { sentence },
    };
  }

  process_outgoing_response({ response }) {
    const gif = response.content && response.content.gif;
    return gif ? { content: { text: gif } } : false;
  }
}
