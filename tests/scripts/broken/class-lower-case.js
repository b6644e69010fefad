// incoming: error script-class 2:7
class script {
  process_incoming_request() {}
}
