// incoming: error script-class 2:7
const Script = {
  process_incoming_request() {},
};
