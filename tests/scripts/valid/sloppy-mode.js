// incoming
var n = 010;
function Script() { var self = this; this.n = n; }
Script.prototype.process_incoming_request = function () { arguments.callee; return { content: { text: '' + n } }; };
delete n;
