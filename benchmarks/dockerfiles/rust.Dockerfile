ARG BUILD
ARG RUN
FROM ${BUILD} AS build
WORKDIR /app
COPY Cargo.toml ./
COPY src src
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback cargo build --release && cp target/release/$(sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml | head -1) /program && strip /program
FROM ${RUN}
COPY --from=build /program /program
USER 65532:65532
ENTRYPOINT ["/program"]
