// incoming
const Logging = (Base) => class extends Base { log(...parts) { console.log(...parts); } };
class Script extends Logging(class { process_incoming_request() { this.log('x'); } }) {}
