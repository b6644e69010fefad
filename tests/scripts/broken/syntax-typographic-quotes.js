// incoming: error script-syntax 4:17
class Script {
  process_incoming_request() {
    return { a: “x” };
  }
}
