// incoming
var Script = (function () {
  'use strict';
  function Script() {
    if (!(this instanceof Script)) { throw new TypeError('no'); }
  }
  Script.prototype.process_incoming_request = function process_incoming_request(_ref) {
    var request = _ref.request;
    return request && { content: { text: String(request.content_raw) } };
  };
  return Script;
})();
