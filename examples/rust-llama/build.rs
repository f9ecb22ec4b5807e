fn main() {
    cc::Build::new().file("src/llm.c").compile("llm");
    for library in ["llama", "ggml", "ggml-base"] {
        println!("cargo:rustc-link-lib={library}");
    }
    println!("cargo:rerun-if-changed=src/llm.c");
}
