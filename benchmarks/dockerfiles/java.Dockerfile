ARG BUILD
ARG RUN
FROM ${BUILD} AS build
WORKDIR /app
COPY pom.xml ./
COPY src src
# Maven on a JDK knows no CA bundle of the machine: the trust store is made of it, as people do.
RUN --mount=type=secret,id=ca,target=/etc/ssl/certs/ca-certificates.crt csplit -s -z -f /tmp/ca- /etc/ssl/certs/ca-certificates.crt '/-----BEGIN CERTIFICATE-----/' '{*}' && for f in /tmp/ca-*; do keytool -importcert -noprompt -trustcacerts -alias $f -file $f -keystore /tmp/trust.p12 -storetype PKCS12 -storepass changeit >/dev/null 2>&1; done; mvn -q -B -Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit package dependency:copy-dependencies
FROM ${RUN}
COPY --from=build /app/target/classes /app/classes
COPY --from=build /app/target/dependency /app/lib
USER 65532:65532
CMD ["/opt/java/openjdk/bin/java", "-cp", "/app/classes:/app/lib/*", "dev.example.Ask"]
