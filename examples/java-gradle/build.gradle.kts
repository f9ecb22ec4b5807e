plugins {
    application
}

repositories {
    mavenCentral()
}

java {
    toolchain {
        languageVersion = JavaLanguageVersion.of(21)
    }
}

dependencies {
    implementation("io.github.ollama4j:ollama4j:1.1.6")
    runtimeOnly("org.slf4j:slf4j-nop:2.0.17")
}

application {
    mainClass = "dev.example.Ask"
}
