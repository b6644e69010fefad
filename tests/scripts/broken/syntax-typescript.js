// incoming: error script-syntax 3:33
class Script {
  process_incoming_request(input: object): void {}
}
