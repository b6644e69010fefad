// incoming: error script-syntax 3:9
class Script {
  a() {},
  process_incoming_request() {}
}
