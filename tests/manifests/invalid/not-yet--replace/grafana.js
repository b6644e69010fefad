class Script {}
