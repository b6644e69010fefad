// incoming: error script-method 2:7
class Script {
  static process_incoming_request() {}
}
