// incoming: error script-class 1:1
// class Script { process_incoming_request() {} }
