// incoming: error script-method 2:7
class Script {
  prepare_outgoing_request({ request }) { return request; }
}
