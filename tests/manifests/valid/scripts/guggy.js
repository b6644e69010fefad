class Script {
}
