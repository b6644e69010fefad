// incoming: error script-syntax 2:8
import axios from 'axios';
class Script {
  process_incoming_request({ request }) {
    return { content: { text: request.content.text } };
  }
}
