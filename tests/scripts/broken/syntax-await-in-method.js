// incoming: error script-syntax 4:21
class Script {
  process_incoming_request() {
    const x = await fetch('https://example.org');
    return x;
  }
}
