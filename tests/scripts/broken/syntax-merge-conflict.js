// incoming: error script-syntax 3:1
class Script {
<<<<<<< HEAD
  process_incoming_request() {}
=======
  process_incoming_request() { return 1; }
>>>>>>> other
}
