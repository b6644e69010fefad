// outgoing
function Script() {
  this.prefix = '> ';
}
Script.prototype = {
  constructor: Script,
  prepare_outgoing_request: function (options) {
    return { url: options.request.url, method: 'POST', data: { text: this.prefix + options.request.data.text } };
  },
  process_outgoing_response: function () { return false; }
};
