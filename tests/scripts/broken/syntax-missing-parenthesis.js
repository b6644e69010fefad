// incoming: error script-syntax 3:40
class Script {
  process_incoming_request({ request } {
    return {};
  }
}
