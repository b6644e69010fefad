class Script {
	process_incoming_request() {
    return 2;
  }
}
