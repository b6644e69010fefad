// incoming: error script-syntax 6:1
class Script {
  process_incoming_request({ request }) {
    return {};
  }
