# A small image with the one binary, run by nobody in particular.
#
#   docker build -t callwright .
#   docker run -p 127.0.0.1:8080:8080 -v callwright:/var/lib/callwright --env-file callwright.env callwright
#
# In a container the server listens beyond loopback, so it insists on a sub-account with its secret: docker-compose.yml
# says what to put into callwright.env.

FROM rust:1.95-slim-trixie AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY . .
RUN cargo build --release --locked --bin callwright

FROM debian:trixie-slim
RUN useradd --system --uid 10001 --no-create-home callwright \
    && install -d -o callwright -g callwright /var/lib/callwright
COPY --from=build /build/target/release/callwright /usr/local/bin/callwright
COPY flows /etc/callwright/flows
USER callwright
WORKDIR /var/lib/callwright
VOLUME /var/lib/callwright
ENV CALLWRIGHT_LISTEN=0.0.0.0:8080 \
    CALLWRIGHT_FLOWS=/etc/callwright/flows \
    CALLWRIGHT_DATABASE_URL=sqlite://callwright.db
EXPOSE 8080
ENTRYPOINT ["callwright"]
CMD ["serve"]
