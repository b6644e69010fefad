class Script {
  // Grüße
}
