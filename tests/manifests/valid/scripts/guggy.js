class Script {
  prepare_outgoing_request({ request }) {
    return request;
  }
}
