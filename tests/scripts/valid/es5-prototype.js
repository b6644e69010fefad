// incoming
var Script = function () {};

Script.prototype.process_incoming_request = function (params) {
  var request = params.request, lines = [];
  for (var i = 0; i < request.content.alerts.length; i++) {
    lines.push('* ' + request.content.alerts[i].name);
  }
  return { content: { text: lines.join('\n') } };
};
