ARG BUILD
ARG RUN
FROM ${BUILD} AS build
WORKDIR /app
COPY pom.xml ./
COPY chat.kt src/
# Maven on a JDK knows no CA bundle of the machine: whoever needs one has it as a trust store.
RUN --mount=type=secret,id=trust,target=/tmp/trust.p12 mvn -q -B -Djavax.net.ssl.trustStore=/tmp/trust.p12 -Djavax.net.ssl.trustStorePassword=changeit compile dependency:copy-dependencies
FROM ${RUN}
COPY --from=build /app/target/classes /app/classes
COPY --from=build /app/target/dependency /app/lib
USER 65532:65532
CMD ["/opt/java/openjdk/bin/java", "-cp", "/app/classes:/app/lib/*", "ChatKt"]
