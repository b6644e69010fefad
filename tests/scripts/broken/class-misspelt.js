// incoming: error script-class 4:7
const a = 1;

class Scripts {
  process_incoming_request() {}
}
