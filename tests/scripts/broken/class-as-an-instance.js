// incoming: error script-class 2:7
const Script = new (class {
  process_incoming_request() {}
})();
