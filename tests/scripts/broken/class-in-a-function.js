// incoming: error script-class 3:9
(function () {
  class Script {
    process_incoming_request() {}
  }
})();
