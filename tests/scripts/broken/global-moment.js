// incoming: warning script-global 4:37
class Script {
  process_incoming_request({ request }) {
    return { content: { text: `at ${moment(request.content.at).format('L')}` } };
  }
}
