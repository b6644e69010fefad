// incoming: error script-syntax 3:12
class Script {
  function process_incoming_request() {}
}
