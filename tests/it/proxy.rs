//! What stands between a node and its PostgreSQL server: it can lose all connections without a word, as a host does that
//! loses its power, or a firewall that forgets.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// What a server's socket is called in its folder.
const SOCKET: &str = ".s.PGSQL.5432";

/// A proxy in front of a server.
pub(crate) struct Proxy {
    folder: TempDir,
    /// The folder of the server's socket.
    server: String,
    vanished: watch::Sender<()>,
}

impl Proxy {
    /// A proxy in front of the server of the database at `url`.
    pub(crate) fn before(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("its name is free");
        let (_, server) = url.split_once("?host=").expect("it names a folder");
        let (vanished, watched) = watch::channel(());
        let socket = Path::new(server).join(SOCKET);
        tokio::spawn(serve(listener, socket, watched));
        Self {
            folder,
            server: server.to_owned(),
            vanished,
        }
    }

    /// The database at `url`, by way of this proxy.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replace(&self.server, &self.folder.path().display().to_string())
    }

    /// Carries nothing any more on the connections that are there, and leaves them open. New ones are served.
    pub(crate) fn vanish(&self) {
        self.vanished.send_replace(());
    }
}

async fn serve(listener: UnixListener, server: PathBuf, vanished: watch::Receiver<()>) {
    while let Ok((client, _)) = listener.accept().await {
        let (server, vanished) = (server.clone(), vanished.clone());
        tokio::spawn(carry(client, server, vanished));
    }
}

async fn carry(mut client: UnixStream, server: PathBuf, mut vanished: watch::Receiver<()>) {
    let mut server = UnixStream::connect(server).await.expect("the server runs");
    vanished.mark_unchanged();
    tokio::select! {
        _ = copy_bidirectional(&mut client, &mut server) => {}
        _ = vanished.changed() => std::future::pending().await,
    }
}
