// incoming: error script-method 2:7
class Script {}
function process_incoming_request() {}
