// incoming
Script = class { process_incoming_request() {} };
globalThis._ = { map() {} };
var n = globalThis._.map();
var m = _.map();
