// incoming: error script-class 1:1
const x = 1;
function process_incoming_request() {}
