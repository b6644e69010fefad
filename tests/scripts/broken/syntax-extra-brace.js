// incoming: error script-syntax 5:1
class Script {
  process_incoming_request() {}
}
}
