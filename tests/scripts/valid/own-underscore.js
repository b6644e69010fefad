// incoming
const _ = {
  map: (list, f) => Array.prototype.map.call(list, f),
  get HTTP() { return 1; },
};
function moment(value) { return new Date(value); }
let HTTP;
class Script {
  process_incoming_request({ request }) {
    HTTP = _.map(request.content.list, (x) => moment(x.at).toISOString());
    return { content: { text: HTTP.join(' ') } };
  }
}
