# A small image with the one binary, run by nobody in particular.
#
#   docker build -t callwright .
#   docker run -p 127.0.0.1:8080:8080 -v callwright:/var/lib/callwright --env-file callwright.env callwright
#
# In a container the server listens beyond loopback, so it insists on a sub-account with its secret: docker-compose.yml
# says what to put into callwright.env.

# It has the C compiler that the SQLite which is built in needs.
FROM rust:1.95-slim-trixie AS build
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin callwright

FROM debian:trixie-slim
RUN useradd --system --user-group --uid 10001 --no-create-home callwright \
    && install -d -o callwright -g callwright /var/lib/callwright
# Whom a PostgreSQL server's certificate is checked against.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /build/target/release/callwright /usr/local/bin/callwright
COPY flows /etc/callwright/flows
# As a number, which orchestrators can see not to be root.
USER 10001:10001
WORKDIR /var/lib/callwright
VOLUME /var/lib/callwright
ENV CALLWRIGHT_LISTEN=0.0.0.0:8080 \
    CALLWRIGHT_FLOWS=/etc/callwright/flows \
    CALLWRIGHT_DATABASE_URL=sqlite://callwright.db
EXPOSE 8080
HEALTHCHECK --interval=5s --timeout=2s --start-period=10s --retries=3 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.1 200' <&3"]
ENTRYPOINT ["callwright"]
CMD ["serve"]
