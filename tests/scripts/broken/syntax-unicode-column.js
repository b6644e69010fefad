// incoming: error script-syntax 4:34
class Script {
  process_incoming_request() {
    return { text: 'Grüße 🎉', b: };
  }
}
