// incoming: error script-constructor 3:3
class Script {
  constructor(request) {
    this.url = request.url;
  }
  process_incoming_request() {}
}
