// incoming: error script-class 3:9
{
  class Script {
    process_incoming_request() {}
  }
}
