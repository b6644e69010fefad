// incoming: warning script-global 4:49
class Script {
  process_incoming_request({ request }) {
    if (/[/]/.test(request.content.a)) /x/.test(HTTP.get(1) / 2 / 3);
  }
}
