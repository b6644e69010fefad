// incoming: error script-constructor 4:3
class Base { constructor(x) { this.x = x; } process_incoming_request() {} }
class Script extends Base {
  constructor({ level }) { super(level); }
}
