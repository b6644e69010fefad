#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| rcsync_fuzz::run("script", bytes));
