// incoming: error script-throws 4:19
class Base {}
class Script extends Base {
  constructor() { this.a = 1; }
  process_incoming_request() {}
}
