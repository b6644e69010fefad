#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rcsync::internals::run("fixture", bytes));
