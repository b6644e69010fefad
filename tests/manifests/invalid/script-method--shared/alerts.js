class Script {
  process_incoming_request() {}
}
