//! Has the crate built again when a migration is added: `sqlx::migrate!` reads the folder while compiling, and cargo
//! would not look there by itself.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
