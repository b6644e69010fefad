// outgoing
let Script = class Named {
  prepare_outgoing_request({ request }) { return request; }
};
