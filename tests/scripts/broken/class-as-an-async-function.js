// incoming: error script-class 2:16
async function Script() {}
Script.prototype = { process_incoming_request() {} };
