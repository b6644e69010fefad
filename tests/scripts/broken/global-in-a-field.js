// outgoing: warning script-global 3:12
class Script {
  client = HTTP;
  prepare_outgoing_request({ request }) { return request; }
}
