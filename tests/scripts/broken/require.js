// incoming: error script-throws 2:16
const crypto = require('crypto');
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
