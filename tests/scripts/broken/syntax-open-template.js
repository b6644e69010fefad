// incoming: error script-syntax 4:18
class Script {
  process_incoming_request() {
    return `a ${1} b;
  }
}
