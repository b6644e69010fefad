//! The measure of a plan: how long it takes to parse a manifest and a listing into values that mean nothing.
//!
//! `generic make FOLDER COUNT` writes both; `generic parse FOLDER` parses them and prints the milliseconds that each took,
//! and the bytes.

mod made_up;

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    let [what, folder, rest @ ..] = args.as_slice() else {
        return Ok(());
    };
    let folder = PathBuf::from(folder);
    let (manifest, listing) = (folder.join("manifest.yaml"), folder.join("listing.json"));
    if what == "make" {
        let count = rest.first().ok_or("how many?")?.parse()?;
        fs::write(manifest, made_up::manifest(count))?;
        fs::write(listing, made_up::listing(count))?;
        return Ok(());
    }
    let (manifest, listing) = (fs::read_to_string(manifest)?, fs::read(listing)?);
    let start = Instant::now();
    black_box(serde_yaml::from_str::<serde_yaml::Value>(&manifest)?);
    let yaml = start.elapsed();
    black_box(serde_json::from_slice::<serde_json::Value>(&listing)?);
    let both = start.elapsed();
    let millis = |time: std::time::Duration| time.as_secs_f64() * 1000.0;
    let json = both.saturating_sub(yaml);
    let bytes = manifest.len() + listing.len();
    report(&format!("{:.1} {:.1} {bytes}", millis(yaml), millis(json)));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "that is what it is for")]
fn report(line: &str) {
    println!("{line}");
}
