// incoming: warning script-global 4:37
class Script {
  process_incoming_request({ request }) {
    switch (request.content) { case _: return {}; default: return undefined; }
  }
}
