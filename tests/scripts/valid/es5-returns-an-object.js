// incoming
function Script() {
  return {
    process_incoming_request: function (o) { return { content: { text: o.request.content.text } }; }
  };
}
