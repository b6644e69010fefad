// incoming: error script-syntax 4:21
class Script {
  process_incoming_request() {
    return { a: 'it's };
  }
}
