"""Packages of Java, Kotlin, Scala, Groovy and Clojure → artifacts of Maven Central, for programs that declare none.

The longest prefix wins. Versions are exact and were looked up in November 2026: a program that names no version gets the
same one every day. `+` adds what the first needs beside it and does not bring.
"""

from __future__ import annotations

_LC4J = "1.18.1"
_LC4J_BETA = "1.18.1-beta28"
_JACKSON = "2.22.4"
_KTOR = "3.6.1"
_SPRING_AI = "2.0.1"
_SLF4J = "org.slf4j:slf4j-api:2.0.20 + org.slf4j:slf4j-simple:2.0.20"
_LC = "dev.langchain4j:langchain4j"

ARTIFACTS: dict[str, str] = {
    # models
    "com.openai": "com.openai:openai-java:4.101.0",
    "com.anthropic": "com.anthropic:anthropic-java:3.12.0",
    "com.google.genai": "com.google.genai:google-genai:1.70.0",
    "com.azure.ai.openai": "com.azure:azure-ai-openai:1.0.0-beta.16",
    "com.azure.ai.inference": "com.azure:azure-ai-inference:1.0.0-beta.5",
    "com.azure.identity": "com.azure:azure-identity:1.19.0",
    "com.azure.core": "com.azure:azure-identity:1.19.0",
    "com.theokanning.openai": "com.theokanning.openai-gpt3-java:service:0.18.2",
    "io.github.sashirestela": "io.github.sashirestela:simple-openai:3.22.2",
    "io.github.ollama4j": "io.github.ollama4j:ollama4j:1.1.6",
    "com.alibaba.dashscope": "com.alibaba:dashscope-sdk-java:2.22.13",
    "com.cohere": "com.cohere:cohere-java:1.9.3",
    "io.modelcontextprotocol": "io.modelcontextprotocol.sdk:mcp:2.1.0",
    "com.aallam.openai": f"com.aallam.openai:openai-client-jvm:4.1.0 + io.ktor:ktor-client-cio-jvm:{_KTOR}",
    "ai.koog": "ai.koog:koog-agents-jvm:1.1.1",
    "com.knuddels.jtokkit": "com.knuddels:jtokkit:1.1.0",
    # langchain4j: one artifact a vendor
    "dev.langchain4j": f"{_LC}:{_LC4J}",
    "dev.langchain4j.model.openai": f"{_LC}-open-ai:{_LC4J} + {_LC}:{_LC4J}",
    "dev.langchain4j.model.openaiofficial": f"{_LC}-open-ai-official:1.11.0-beta19 + {_LC}:1.11.0",
    "dev.langchain4j.model.ollama": f"{_LC}-ollama:{_LC4J} + {_LC}:{_LC4J}",
    "dev.langchain4j.model.anthropic": f"{_LC}-anthropic:1.19.0 + {_LC}:1.19.0",
    "dev.langchain4j.model.mistralai": f"{_LC}-mistral-ai:{_LC4J} + {_LC}:{_LC4J}",
    "dev.langchain4j.model.googleai": f"{_LC}-google-ai-gemini:{_LC4J} + {_LC}:{_LC4J}",
    "dev.langchain4j.model.localai": f"{_LC}-local-ai:1.20.0-beta30",
    "dev.langchain4j.model.embedding.onnx.allminilml6v2":
        f"{_LC}-embeddings-all-minilm-l6-v2:{_LC4J_BETA} + {_LC}:{_LC4J}",
    "dev.langchain4j.agentic": f"{_LC}-agentic:1.16.1-beta26",
    "dev.langchain4j.mcp": f"{_LC}-mcp:{_LC4J_BETA} + {_LC}:{_LC4J}",
    # Spring
    "org.springframework.ai.openai": f"org.springframework.ai:spring-ai-openai:{_SPRING_AI}",
    "org.springframework.ai.ollama": f"org.springframework.ai:spring-ai-ollama:{_SPRING_AI}",
    "org.springframework.ai": f"org.springframework.ai:spring-ai-client-chat:{_SPRING_AI}",
    "org.springframework.boot": "org.springframework.boot:spring-boot-starter:4.1.2",
    # in-process
    "de.kherud.llama": "de.kherud:llama:4.2.0",
    "ai.onnxruntime": "com.microsoft.onnxruntime:onnxruntime:1.29.0",
    "ai.djl": "ai.djl:api:0.38.0",
    "ai.djl.huggingface": "ai.djl.huggingface:tokenizers:0.38.0",
    "com.github.tjake.jlama": "com.github.tjake:jlama-core:0.8.4",
    # JSON, HTTP and what programs use beside them
    "com.fasterxml.jackson": f"com.fasterxml.jackson.core:jackson-databind:{_JACKSON}",
    "com.fasterxml.jackson.dataformat.yaml": f"com.fasterxml.jackson.dataformat:jackson-dataformat-yaml:{_JACKSON}",
    "com.fasterxml.jackson.datatype.jsr310": f"com.fasterxml.jackson.datatype:jackson-datatype-jsr310:{_JACKSON}",
    "com.fasterxml.jackson.module.kotlin": f"com.fasterxml.jackson.module:jackson-module-kotlin:{_JACKSON}",
    "tools.jackson": "tools.jackson.core:jackson-databind:3.2.4",
    "com.google.gson": "com.google.code.gson:gson:2.15.0",
    "org.json": "org.json:json:20260814",
    "org.json.simple": "com.googlecode.json-simple:json-simple:1.1.1",
    "com.alibaba.fastjson": "com.alibaba:fastjson:1.2.83",
    "com.alibaba.fastjson2": "com.alibaba.fastjson2:fastjson2:2.0.64",
    "jakarta.json": "jakarta.json:jakarta.json-api:2.1.3 + org.eclipse.parsson:parsson:1.1.9",
    "com.squareup.moshi": "com.squareup.moshi:moshi:1.15.2",
    "okhttp3": "com.squareup.okhttp3:okhttp-jvm:5.5.1",
    "okhttp3.sse": "com.squareup.okhttp3:okhttp-sse:5.5.1 + com.squareup.okhttp3:okhttp-jvm:5.5.1",
    "retrofit2": "com.squareup.retrofit2:retrofit:3.0.0",
    "org.apache.http": "org.apache.httpcomponents:httpclient:4.5.14",
    "org.apache.hc": "org.apache.httpcomponents.client5:httpclient5:5.6.5",
    "kong.unirest": "com.konghq:unirest-java-core:4.10.1",
    "org.apache.commons.lang3": "org.apache.commons:commons-lang3:3.22.0",
    "org.apache.commons.text": "org.apache.commons:commons-text:1.15.0",
    "org.apache.commons.csv": "org.apache.commons:commons-csv:1.14.1",
    "org.apache.commons.io": "commons-io:commons-io:2.21.0",
    "org.apache.pdfbox": "org.apache.pdfbox:pdfbox:3.0.8",
    "com.google.common": "com.google.guava:guava:33.8.0-jre",
    "picocli": "info.picocli:picocli:4.7.7",
    "org.jline": "org.jline:jline:4.5.0",
    "org.jsoup": "org.jsoup:jsoup:1.24.1",
    "org.commonmark": "org.commonmark:commonmark:0.32.0",
    "lombok": "org.projectlombok:lombok:1.18.48",
    "io.github.cdimascio.dotenv": "io.github.cdimascio:dotenv-java:3.2.0",
    "cn.hutool": "cn.hutool:hutool-all:5.8.46",
    "io.swagger.v3.oas.annotations": "io.swagger.core.v3:swagger-annotations:2.2.31",
    "reactor.core": "io.projectreactor:reactor-core:3.8.8",
    "io.reactivex.rxjava3": "io.reactivex.rxjava3:rxjava:3.1.12",
    "org.slf4j": _SLF4J,
    "ch.qos.logback": "ch.qos.logback:logback-classic:1.6.6",
    "org.postgresql": "org.postgresql:postgresql:42.7.14",
    "org.h2": "com.h2database:h2:2.5.252",
    "org.sqlite": "org.xerial:sqlite-jdbc:3.54.1.0",
    # Kotlin
    "kotlinx.coroutines": "org.jetbrains.kotlinx:kotlinx-coroutines-core-jvm:1.11.0",
    "kotlinx.serialization": "org.jetbrains.kotlinx:kotlinx-serialization-json-jvm:1.12.0",
    "io.ktor.client": f"io.ktor:ktor-client-cio-jvm:{_KTOR}",
    "io.ktor.client.plugins.contentnegotiation":
        f"io.ktor:ktor-client-content-negotiation-jvm:{_KTOR} + io.ktor:ktor-client-cio-jvm:{_KTOR}",
    "io.ktor.serialization.kotlinx": f"io.ktor:ktor-serialization-kotlinx-json-jvm:{_KTOR}",
    "com.github.ajalt.clikt": "com.github.ajalt.clikt:clikt-jvm:5.1.0",
    # Scala
    "requests": "com.lihaoyi:requests_3:0.9.3",
    "ujson": "com.lihaoyi:ujson_3:4.4.3",
    "upickle": "com.lihaoyi:upickle_3:4.4.3",
    "sttp.client4": "com.softwaremill.sttp.client4:core_3:4.0.25",
    # Groovy, Clojure
    "groovy.json": "org.apache.groovy:groovy-json:5.0.7",
    "clojure.data.json": "org.clojure:data.json:2.5.2",
    "clojure.tools.cli": "org.clojure:tools.cli:1.4.256",
}  # fmt: skip

_MANY_PLATFORMS = (
    "io.ktor:ktor-", "com.aallam.openai:openai-", "ai.koog:", "com.github.ajalt.clikt:clikt",
    "org.jetbrains.kotlinx:kotlinx-coroutines-core", "org.jetbrains.kotlinx:kotlinx-serialization-",
    "org.jetbrains.kotlinx:kotlinx-datetime", "org.jetbrains.kotlinx:kotlinx-io-", "com.squareup.okio:okio",
    "io.github.oshai:kotlin-logging", "io.arrow-kt:arrow-",
)  # fmt: skip
"""Libraries made for many platforms: Gradle picks the JVM's by metadata that Maven does not read, so it is named."""


def for_jvm(need: str) -> str:
    """`io.ktor:ktor-client-cio:3.0` → `io.ktor:ktor-client-cio-jvm:3.0`; others as they are."""
    group, _, rest = need.partition(":")
    name, colon, version = rest.partition(":")
    is_many = f"{group}:{name}".startswith(_MANY_PLATFORMS) or (
        (group, name) == ("com.squareup.okhttp3", "okhttp") and version.startswith("5")
    )
    if not is_many or name.endswith(("-jvm", "-bom")):
        return need
    return f"{group}:{name}-jvm{colon}{version}"


TOOLS = {"kotlin": "2.4.21", "scala": "3.7.4", "groovy": "5.0.7", "clojure": "1.12.6"}
"""The compiler where a program names none: a release that its libraries have followed."""

STANDARD = (
    "java", "jdk", "com.sun", "sun", "org.w3c.dom", "org.xml.sax", "org.ietf.jgss", "netscape.javascript", "kotlin", "scala",
    "groovy", "org.codehaus.groovy", "org.apache.groovy", "clojure",
    "javax.annotation.processing", "javax.crypto", "javax.imageio", "javax.lang.model", "javax.management", "javax.naming",
    "javax.net", "javax.print", "javax.script", "javax.security", "javax.sound", "javax.sql", "javax.swing", "javax.tools",
    "javax.transaction.xa", "javax.accessibility", "javax.xml.catalog", "javax.xml.crypto", "javax.xml.datatype",
    "javax.xml.namespace", "javax.xml.parsers", "javax.xml.stream", "javax.xml.transform", "javax.xml.validation",
    "javax.xml.xpath", "javax.xml.XMLConstants",
)  # fmt: skip
"""What comes with the platform and the languages' own libraries."""


def artifacts_of(imported: str) -> tuple[str, ...]:
    """`group:artifact:version` of an import; empty: no row."""
    name = imported
    while name:
        if name in ARTIFACTS:
            return tuple(ARTIFACTS[name].split(" + "))
        name = name.rpartition(".")[0]
    return ()


def is_standard(imported: str) -> bool:
    return any(imported == head or imported.startswith(head + ".") for head in STANDARD)


def near(imported: str) -> tuple[str, ...]:
    """Rows that look like it."""
    from difflib import get_close_matches

    return tuple(get_close_matches(imported, ARTIFACTS, 2, 0.6))
