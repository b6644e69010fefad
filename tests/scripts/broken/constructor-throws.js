// incoming: error script-throws 4:5
class Script {
  constructor() {
    this.a.b = 1;
  }
  process_incoming_request() {}
}
