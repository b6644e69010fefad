// incoming: warning script-unchecked 1:1
class Script {
  constructor() { for (;;) {} }
  process_incoming_request() {}
}
