// incoming: error script-method 3:3
class Script {
  process_incomming_request({ request }) { return request; }
}
