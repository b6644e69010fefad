// incoming: error script-method 2:5
var Script = function () {};
Script.process_incoming_request = function () {};
