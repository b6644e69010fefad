// outgoing: error script-throws 3:12
class Script {
  client = HTTP;
  prepare_outgoing_request({ request }) { return request; }
}
