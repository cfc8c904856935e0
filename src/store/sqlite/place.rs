//! From a URL to the file that it names, or a sentence that says what is wrong with it.

use std::path::PathBuf;

/// The file that a database URL names.
pub(super) fn place(url: &str) -> Result<PathBuf, String> {
    let scheme = url.split(':').next().unwrap_or_default();
    if scheme == "postgres" || scheme == "postgresql" {
        return Err(
            "this is for a database in SQLite, as in sqlite://callwright.db: PostgreSQL's is backed up \
             with `pg_dump -Fc` and restored with `pg_restore`"
                .to_owned(),
        );
    }
    let Some(rest) = url.strip_prefix("sqlite:") else {
        return Err(
            "the database URL must begin with sqlite://, as in sqlite://callwright.db".to_owned(),
        );
    };
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if path.contains(":memory:") {
        return Err(
            "a database in memory would forget every call at the first restart: \
                    set the database URL to a file, as in sqlite://callwright.db"
                .to_owned(),
        );
    }
    if path.contains('?') {
        return Err("the database URL takes no options: leave out what begins with `?`".to_owned());
    }
    if path.is_empty() || path.ends_with('/') {
        return Err(
            "the database URL names no file: write one, as in sqlite://callwright.db".to_owned(),
        );
    }
    Ok(PathBuf::from(path))
}
