// incoming: error script-constructor 2:10
function Script(a, b) {}
Script.prototype.process_incoming_request = function () {};
