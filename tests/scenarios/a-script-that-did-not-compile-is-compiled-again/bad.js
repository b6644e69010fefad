class Script {
  process_incoming_request() { return oops oops }
}
