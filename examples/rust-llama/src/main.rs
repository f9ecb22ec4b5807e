//! Loads a model's weights itself with llama.cpp's library, through a few lines of C, and prints the answer as it comes.
use std::ffi::{c_char, c_int, CString};
use std::io::Write;

extern "C" {
    fn llm_generate(file: *const c_char, prompt: *const c_char, most: c_int, take: extern "C" fn(*const u8, usize)) -> c_int;
}

extern "C" fn show(piece: *const u8, size: usize) {
    let bytes = unsafe { std::slice::from_raw_parts(piece, size) };
    let _ = std::io::stdout().write_all(bytes).and_then(|()| std::io::stdout().flush());
}

fn main() {
    let prompt = std::env::args().nth(1).unwrap_or_else(|| "The capital of France is".into());
    print!("{prompt}");
    let (file, prompt) = (CString::new("model.gguf").unwrap(), CString::new(prompt).unwrap());
    let code = unsafe { llm_generate(file.as_ptr(), prompt.as_ptr(), 8, show) };
    println!();
    std::process::exit(code);
}
