// incoming: error script-syntax 4:19
class Script {
  process_incoming_request() {
    return { a: 1 b: 2 };
  }
}
