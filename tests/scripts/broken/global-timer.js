// incoming: warning script-global 3:66
class Script {
  async process_incoming_request() { await new Promise((done) => setTimeout(done, 100)); }
}
