// incoming: warning script-global 7:69
function helper(list) {
  const _ = { map: () => [] };
  return _.map(list);
}
class Script {
  process_incoming_request({ request }) { return { content: { text: _.first(helper(request)) } }; }
}
