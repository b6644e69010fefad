// incoming: warning script-global 3:45
class Script {
  process_incoming_request({ request, now = moment() }) { return now; }
}
