// outgoing
class Script {}
Object.assign(Script.prototype, {
  prepare_outgoing_request({ request }) { return request; },
});
